package dev.baton.router.generation;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/**
 * Where a placed request is. Every edge there is:
 *
 * <pre>
 * RESERVING ──reserved──► PREFILLING ──KV arrived──► DECODING ──all choices ended──► CLOSING ──► OVER
 *     └──────────────────────┴──────────────────────────┴───── failed or cancelled ─────┴──────► OVER
 * </pre>
 */
enum Phase {
  /** The decode worker was asked to reserve blocks. */
  RESERVING,
  /** The prefill worker reads the prompt and pushes its KV. */
  PREFILLING,
  /** The decode worker writes. */
  DECODING,
  /** The client has the whole answer; the workers' accounts are still to come. */
  CLOSING,
  /** The listener heard its last. */
  OVER;

  private Set<Phase> next() {
    return switch (this) {
      case RESERVING -> EnumSet.of(PREFILLING, OVER);
      case PREFILLING -> EnumSet.of(DECODING, OVER);
      case DECODING -> EnumSet.of(CLOSING, OVER);
      case CLOSING -> EnumSet.of(OVER);
      case OVER -> EnumSet.noneOf(Phase.class);
    };
  }

  /** Whether the edge exists. */
  boolean leadsTo(Phase phase) {
    return next().contains(phase);
  }

  /** As a label of metrics and in logs. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
