package dev.baton.simulation;

import dev.baton.kv.handoff.PushedMessage;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.PushReply;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Who may write where, told from what crosses the network alone: a handoff is the latest ticket's
 * that was accepted for it, and only until its decode call is over. What comes under another ticket
 * must not change a byte of the receiver's blocks, and is not accepted.
 */
final class Fence {
  private final Events events;
  private final Map<SimulatedProcess, DecodeHost> receivers = new HashMap<>();

  /** The ticket of each stream that was opened, or would be. */
  private final Map<SimulatedCall<?, ?>, Ticket> opened = new HashMap<>();

  /** The latest generation that was accepted, by handoff. */
  private final Map<Long, Integer> latest = new HashMap<>();

  /** The call whose KV a handoff brings. */
  private final Map<Long, SimulatedCall<?, ?>> writers = new HashMap<>();

  private final Set<SimulatedCall<?, ?>> accepted = new HashSet<>();
  private int fenced;

  Fence(Events events) {
    this.events = events;
  }

  /** Watches a decode worker. */
  void guard(DecodeHost worker) {
    receivers.put(worker.process(), worker);
  }

  /** Messages that came after another sender had taken their handoff over. */
  int fenced() {
    return fenced;
  }

  /** A server takes a message in. */
  void taking(SimulatedCall<?, ?> call, SimulatedProcess server, byte[] message, Runnable taking) {
    DecodeHost worker = receivers.get(server);
    if (worker == null || !call.method().endsWith("/Push")) {
      taking.run();
      return;
    }
    Optional<Ticket> named = PushedMessage.ticketOf(message);
    if (named.isEmpty()) {
      taking.run();
      return;
    }
    if (PushedMessage.isOpen(message)) {
      opened.put(call, named.get());
    }
    Ticket ticket = opened.getOrDefault(call, named.get());
    boolean mayWrite =
        accepted.contains(call)
            && worker.isMyEpoch(ticket.receiverEpoch())
            && latest.getOrDefault(ticket.handoffId(), 0) == ticket.generation()
            && isExpected(ticket);
    if (mayWrite) {
      taking.run();
      return;
    }
    fenced += accepted.contains(call) ? 1 : 0;
    byte[] before = worker.memory();
    taking.run();
    events.require(
        Arrays.equals(before, worker.memory()),
        () ->
            "%s wrote under ticket %s of epoch %d, which had no right to"
                .formatted(call, ticket, ticket.receiverEpoch()));
  }

  /** A decode worker was asked to expect this. */
  void asked(SimulatedCall<?, ?> call, DecodeRequest request) {
    writers.put(request.getTicket().getHandoffId(), call);
  }

  private boolean isExpected(Ticket ticket) {
    SimulatedCall<?, ?> writer = writers.get(ticket.handoffId());
    return writer != null && writer.serverEndedAt() == Long.MAX_VALUE;
  }

  /** A server answers. */
  void answering(SimulatedCall<?, ?> call, SimulatedProcess server, Object answer) {
    DecodeHost worker = receivers.get(server);
    Ticket ticket = opened.get(call);
    if (worker == null || ticket == null || !(answer instanceof PushReply reply)) {
      return;
    }
    int before = latest.getOrDefault(ticket.handoffId(), 0);
    if (reply.hasAccept()) {
      events.require(
          worker.isMyEpoch(ticket.receiverEpoch()),
          () -> worker + " accepted ticket " + ticket + " of epoch " + ticket.receiverEpoch());
      events.require(
          ticket.generation() > before,
          () -> worker + " accepted " + ticket + " after generation " + before);
      latest.put(ticket.handoffId(), ticket.generation());
      accepted.add(call);
    } else if (reply.hasAck()) {
      events.require(
          ticket.generation() == before,
          () -> worker + " acknowledged " + ticket + " though generation " + before + " came");
    }
  }
}
