package dev.baton.router.generation;

import java.util.List;
import java.util.Locale;

/** Where a placed request is. */
enum RequestState {
  /** Every choice that has not ended has its workers. */
  SERVING,
  /** Some choices have none: their worker was lost, and another is sought. */
  RECOVERING,
  /** The client has the whole answer; the workers' accounts are still to come. */
  CLOSING,
  /** The listener heard its last. */
  OVER;

  /** Every edge there is. */
  static final List<Edge<RequestState>> EDGES =
      List.of(
          new Edge<>(SERVING, RECOVERING, "some choices have no worker"),
          new Edge<>(RECOVERING, SERVING, "all have one again"),
          new Edge<>(SERVING, CLOSING, "all choices ended"),
          new Edge<>(RECOVERING, CLOSING, "all choices ended"),
          new Edge<>(CLOSING, OVER, "accounts are in, or late"),
          new Edge<>(SERVING, OVER, "failed or cancelled"),
          new Edge<>(RECOVERING, OVER, "failed or cancelled"));

  /** As a label of metrics and in logs. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
