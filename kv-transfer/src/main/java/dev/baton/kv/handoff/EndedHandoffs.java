package dev.baton.kv.handoff;

import java.util.LinkedHashMap;

/**
 * The tickets of handoffs that ended lately, so that a late sender hears what became of its own
 * instead of a riddle. Bounded: of older ones nothing is known. Safe for use by many threads.
 */
final class EndedHandoffs {
  /** More than end within a minute on a busy worker; about 100 bytes each. */
  static final int MOST = 4096;

  private record Ended(Ticket ticket, HandoffEnd end) {}

  private final LinkedHashMap<Long, Ended> byId = new LinkedHashMap<>();

  /** Remembers one; of several with one handoff id, the last. */
  synchronized void add(Ticket ticket, HandoffEnd end) {
    byId.putLast(ticket.handoffId(), new Ended(ticket, end));
    if (byId.size() > MOST) {
      byId.pollFirstEntry();
    }
  }

  /** What a sender hears whose ticket is not expected. */
  HandoffException refusalOf(Ticket ticket) {
    Ended ended;
    synchronized (this) {
      ended = byId.get(ticket.handoffId());
    }
    if (ended == null) {
      return HandoffException.refused(
          Refusal.UNKNOWN_TICKET,
          "open.ticket.handoff_id: %016x is not expected".formatted(ticket.handoffId()));
    }
    try {
      Admission.requireSame(ticket, ended.ticket());
    } catch (HandoffException differs) {
      return differs;
    }
    return ended.end().refusalOf(ticket);
  }
}
