package dev.baton.kv.handoff;

import java.util.HexFormat;

/**
 * The right to write into a decode worker's reserved blocks.
 *
 * @param handoffId names the handoff; drawn at random by the router
 * @param receiverEpoch epoch of the decode worker that reserved the blocks
 * @param generation counts the attempts of one handoff, from 1; an unsigned 32-bit number
 */
public record Ticket(long handoffId, long receiverEpoch, int generation) {
  /** The ticket as it came over the wire; every combination of bits is one. */
  public static Ticket of(dev.baton.proto.internal.v1.Ticket ticket) {
    return new Ticket(ticket.getHandoffId(), ticket.getReceiverEpoch(), ticket.getGeneration());
  }

  /** Whether this is of a later attempt at the same handoff. */
  boolean follows(Ticket earlier) {
    return handoffId == earlier.handoffId
        && receiverEpoch == earlier.receiverEpoch
        && Integer.compareUnsigned(generation, earlier.generation) > 0;
  }

  /** The ticket of the next attempt at the same handoff. */
  public Ticket next() {
    return new Ticket(handoffId, receiverEpoch, generation + 1);
  }

  /** The ticket as it goes over the wire. */
  public dev.baton.proto.internal.v1.Ticket toProto() {
    return dev.baton.proto.internal.v1.Ticket.newBuilder()
        .setHandoffId(handoffId)
        .setReceiverEpoch(receiverEpoch)
        .setGeneration(generation)
        .build();
  }

  /** Handoff id in hexadecimal, then generation: how logs and messages name a handoff. */
  @Override
  public String toString() {
    return HexFormat.of().toHexDigits(handoffId) + "/" + Integer.toUnsignedString(generation);
  }
}
