package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.Refusal;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;

/** What a failed handoff means for its request. */
final class HandoffFailure {
  private static final String SENDER = "that pushes";

  private HandoffFailure() {}

  /**
   * The request's error.
   *
   * @param stallLimit how long the sender's silence was waited for
   */
  static BatonException of(HandoffException failure, Duration stallLimit) {
    String detail = Objects.requireNonNullElse(failure.getMessage(), failure.code().name());
    return switch (failure.code()) {
      case REFUSED ->
          failure.refusal().equals(Optional.of(Refusal.EXPIRED))
              ? BatonException.deadline("while its KV came in")
              : BatonException.handoffRefused(
                  failure.refusal().map(refusal -> refusal + ": ").orElse("") + detail);
      case STALLED -> BatonException.stalled(SENDER, stallLimit);
      case LOST, CANCELLED -> BatonException.workerLost(SENDER, detail);
      case DEADLINE_EXCEEDED -> BatonException.deadline("while its KV came in");
    };
  }
}
