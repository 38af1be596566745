package dev.baton.router.generation;

import java.util.List;
import java.util.Locale;

/** Where a leg is: one decode worker's part in a request, and a prefill worker's beside it. */
enum LegState {
  /** The decode worker was asked to reserve blocks. */
  RESERVING,
  /** The prefill worker reads the prompt and pushes its KV. */
  PREFILLING,
  /** The prefill worker was lost; the decode worker holds what came, another one is sought. */
  ORPHANED,
  /** The decode worker writes. */
  DECODING,
  /** All its choices ended; the workers' accounts are still to come. */
  CLOSING,
  /** Both calls are over, everything is given back. */
  OVER;

  /** Every edge there is. */
  static final List<Edge<LegState>> EDGES =
      List.of(
          new Edge<>(RESERVING, PREFILLING, "blocks are reserved"),
          new Edge<>(PREFILLING, DECODING, "the KV is in"),
          new Edge<>(PREFILLING, ORPHANED, "prefill worker lost"),
          new Edge<>(ORPHANED, PREFILLING, "another sends the rest"),
          new Edge<>(ORPHANED, DECODING, "the KV had come in"),
          new Edge<>(DECODING, CLOSING, "its choices ended"),
          new Edge<>(CLOSING, OVER, "accounts are in, or late"),
          new Edge<>(RESERVING, OVER, "decode worker lost, or request over"),
          new Edge<>(PREFILLING, OVER, "decode worker lost, or request over"),
          new Edge<>(ORPHANED, OVER, "decode worker lost, or request over"),
          new Edge<>(DECODING, OVER, "decode worker lost, or request over"));

  /** As a label of metrics and in logs. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
