package dev.baton.router.admission;

import org.jspecify.annotations.Nullable;

/**
 * One request in admission's books, from its arrival to its end. Every edge there is:
 *
 * <pre>
 * WAITING ──room──► STARTED ──workers chosen──► PLACED ──► OVER
 *    └────────── left, expired, pushed out ─────────┴────► OVER
 * </pre>
 *
 * Changed by {@link Admission} only.
 */
final class Pass {
  /** Where it is. */
  enum State {
    /** In the queue. */
    WAITING,
    /** May run; its workers are not chosen yet. */
    STARTED,
    /** Its workers are chosen. */
    PLACED,
    /** Nothing of it is left. */
    OVER
  }

  final AdmissionRequest request;
  final TenantAccount account;
  final long arrivedAt;

  /** Output tokens that it was charged so far. */
  long charged;

  long delivered;
  State state = State.WAITING;
  @Nullable Slot<Pass> slot;

  Pass(AdmissionRequest request, TenantAccount account, long expectedOutput, long arrivedAt) {
    this.request = request;
    this.account = account;
    this.charged = expectedOutput;
    this.arrivedAt = arrivedAt;
  }

  String model() {
    return request.size().model();
  }

  /** Prompt and expected answers. */
  long tokens() {
    return request.promptTokens() + charged;
  }

  double cost() {
    return Cost.of(request.promptTokens(), charged);
  }

  boolean isRunning() {
    return state == State.STARTED || state == State.PLACED;
  }
}
