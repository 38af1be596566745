package dev.baton.router.admission;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.OverloadReason;
import java.time.Duration;
import java.util.Locale;

/** Why a request is not let in. */
enum Refusal {
  /** The tenant's own rate of tokens or requests is used up. */
  RATE_LIMIT("the tenant's rate limit is reached", OverloadReason.OVERLOAD_REASON_RATE_LIMIT),
  /** The tenant's own part of the queue is full, or it gave way to tenants who hold less of it. */
  TENANT_QUEUE_FULL(
      "the tenant's part of the router's queue is full",
      OverloadReason.OVERLOAD_REASON_TENANT_QUEUE_FULL),
  /** The queue is full, and nobody in it has to give way. */
  QUEUE_FULL("the router's queue is full", OverloadReason.OVERLOAD_REASON_QUEUE_FULL),
  /** It is predicted to miss its deadline. */
  DEADLINE_UNREACHABLE(
      "the request is predicted to miss its deadline",
      OverloadReason.OVERLOAD_REASON_DEADLINE_UNREACHABLE),
  /** It is predicted to miss the operator's limit of TTFT or TPOT. */
  SLO_UNREACHABLE(
      "the request is predicted to miss the TTFT or TPOT that is promised here",
      OverloadReason.OVERLOAD_REASON_SLO_UNREACHABLE);

  private final String sentence;
  private final OverloadReason reason;

  Refusal(String sentence, OverloadReason reason) {
    this.sentence = sentence;
    this.reason = reason;
  }

  /** As a label of metrics. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What the client hears. */
  BatonException exception(Duration retryAfter) {
    return BatonException.overloaded(reason, sentence, retryAfter);
  }
}
