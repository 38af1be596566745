package dev.baton.kv.handoff;

/** How an expected handoff ended, as its receiver remembers it for senders that come too late. */
enum HandoffEnd {
  /** All of it came. */
  ARRIVED(Refusal.CONSUMED, "has arrived already"),
  /** It failed. */
  FAILED(Refusal.REVOKED, "has failed"),
  /** The receiver took the ticket back. */
  REVOKED(Refusal.REVOKED, "was revoked"),
  /** Its deadline passed. */
  EXPIRED(Refusal.EXPIRED, "has expired");

  private final Refusal refusal;
  private final String words;

  HandoffEnd(Refusal refusal, String words) {
    this.refusal = refusal;
    this.words = words;
  }

  /** What a sender with the ticket of such a handoff hears. */
  HandoffException refusalOf(Ticket ticket) {
    return HandoffException.refused(refusal, "open: handoff " + ticket + " " + words);
  }
}
