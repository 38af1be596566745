package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.handoff.HandoffException;
import java.time.Duration;
import java.util.Objects;

/** What a failed handoff means for its request. */
final class HandoffFailure {
  private HandoffFailure() {}

  /**
   * The request's error.
   *
   * @param target who was to take the blocks in
   * @param stallLimit how long its silence was waited for
   */
  static BatonException of(HandoffException failure, String target, Duration stallLimit) {
    String detail = Objects.requireNonNullElse(failure.getMessage(), failure.code().name());
    return switch (failure.code()) {
      case REFUSED ->
          BatonException.handoffRefused(
              failure.refusal().map(refusal -> refusal + ": ").orElse("") + detail);
      case STALLED -> BatonException.stalled(target, stallLimit);
      case LOST -> BatonException.workerLost(target, detail);
      case CANCELLED -> BatonException.cancelled();
      case DEADLINE_EXCEEDED -> BatonException.deadline("while its KV travelled to " + target);
    };
  }
}
