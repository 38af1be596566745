package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.proto.internal.v1.Open;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongPredicate;

/** The table of expected handoffs, and the checks that an Open has to pass to write into one. */
final class Admission {
  private final Layout layout;
  private final Compatibility compatibility;
  private final LongPredicate isMyEpoch;
  private final ConcurrentMap<Long, IncomingHandoff> expected = new ConcurrentHashMap<>();
  private final EndedHandoffs ended = new EndedHandoffs();

  Admission(Layout layout, Lineage lineage, LongPredicate isMyEpoch) {
    this.layout = layout;
    this.compatibility = new Compatibility(layout, lineage);
    this.isMyEpoch = isMyEpoch;
  }

  /**
   * Enters a handoff.
   *
   * @throws IllegalStateException if one with this id is here already
   */
  void add(IncomingHandoff handoff) {
    if (expected.putIfAbsent(handoff.ticket().handoffId(), handoff) != null) {
      throw new IllegalStateException(
          "handoff " + handoff.ticket() + " is expected already: revoke it first");
    }
  }

  /** Takes a handoff out that is over, and remembers how it ended. */
  void remove(IncomingHandoff handoff, HandoffEnd end) {
    ended.add(handoff.ticket(), end);
    expected.remove(handoff.ticket().handoffId(), handoff);
  }

  /** Handoffs expected and not yet over. */
  int size() {
    return expected.size();
  }

  /** A copy of the table. */
  List<IncomingHandoff> all() {
    return List.copyOf(expected.values());
  }

  /**
   * The handoff that this ticket is for, to open it. A later generation than the expected one ends
   * that one first: its listener may expect the later one instead.
   *
   * @throws HandoffException a refusal, if there is none
   */
  IncomingHandoff findToOpen(Ticket ticket) throws HandoffException {
    IncomingHandoff earlier = expected.get(ticket.handoffId());
    if (earlier != null && ticket.follows(earlier.ticket())) {
      earlier.supersede(ticket);
    }
    return find(ticket);
  }

  /**
   * The handoff that this ticket is for.
   *
   * @throws HandoffException a refusal, if there is none
   */
  IncomingHandoff find(Ticket ticket) throws HandoffException {
    if (!isMyEpoch.test(ticket.receiverEpoch())) {
      throw HandoffException.refused(
          Refusal.EPOCH,
          "open.ticket.receiver_epoch: %d is not an epoch of this worker"
              .formatted(ticket.receiverEpoch()));
    }
    IncomingHandoff handoff = expected.get(ticket.handoffId());
    if (handoff == null) {
      throw ended.refusalOf(ticket);
    }
    requireSame(ticket, handoff.ticket());
    return handoff;
  }

  /**
   * Compares two tickets of one handoff id.
   *
   * @throws HandoffException a refusal, if epoch or generation differ
   */
  static void requireSame(Ticket ticket, Ticket good) throws HandoffException {
    if (ticket.receiverEpoch() != good.receiverEpoch()) {
      throw HandoffException.refused(
          Refusal.EPOCH,
          "open.ticket.receiver_epoch: %d, expected %d"
              .formatted(ticket.receiverEpoch(), good.receiverEpoch()));
    }
    if (ticket.generation() != good.generation()) {
      throw HandoffException.refused(
          Refusal.GENERATION,
          "open.ticket.generation: %s, expected %s"
              .formatted(
                  Integer.toUnsignedString(ticket.generation()),
                  Integer.toUnsignedString(good.generation())));
    }
  }

  /**
   * Compares what the sender has with what is expected.
   *
   * @throws HandoffException a refusal, if they differ
   */
  void verify(Open open, IncomingHandoff handoff) throws HandoffException {
    compatibility.verify("open", open.getVersion(), open.getLineage(), open.getLayout());
    verifyKeys(open, handoff.keys());
  }

  private void verifyKeys(Open open, List<BlockKey> keys) throws HandoffException {
    if (open.getKeysCount() != keys.size()) {
      throw HandoffException.refused(
          Refusal.KEY,
          "open.keys: %d keys, expected %d".formatted(open.getKeysCount(), keys.size()));
    }
    long tokens = Integer.toUnsignedLong(open.getPromptTokens());
    if (Math.ceilDiv(tokens, layout.blockTokens()) != keys.size()) {
      throw HandoffException.refused(
          Refusal.KEY,
          "open.prompt_tokens: %d do not make %d blocks of %d"
              .formatted(tokens, keys.size(), layout.blockTokens()));
    }
    for (int i = 0; i < keys.size(); i++) {
      if (!open.getKeys(i).equals(ByteString.copyFrom(keys.get(i).bytes()))) {
        throw HandoffException.refused(
            Refusal.KEY,
            "open.keys[%d]: %s, expected %s"
                .formatted(i, Compatibility.brief(open.getKeys(i)), keys.get(i)));
      }
    }
  }
}
