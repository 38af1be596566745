package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.Refusal;
import java.util.Objects;
import java.util.Optional;

/** What a failed handoff means for its request. */
final class HandoffFailure {
  private HandoffFailure() {}

  /**
   * Whether it was the sender's: another one may bring what is missing, under the ticket's next
   * generation. Otherwise time is up, or this worker closes.
   */
  static boolean leavesRoomForAnother(HandoffException failure) {
    return switch (failure.code()) {
      case REFUSED -> !isExpiry(failure);
      case STALLED, LOST -> true;
      case CANCELLED, DEADLINE_EXCEEDED -> false;
    };
  }

  /** The request's error, where nobody else may come. */
  static BatonException of(HandoffException failure) {
    String detail = Objects.requireNonNullElse(failure.getMessage(), failure.code().name());
    return switch (failure.code()) {
      case REFUSED ->
          isExpiry(failure)
              ? BatonException.deadline("while its KV came in")
              : BatonException.handoffRefused(detail);
      case STALLED, LOST, CANCELLED -> BatonException.workerLost("that pushes", detail);
      case DEADLINE_EXCEEDED -> BatonException.deadline("while its KV came in");
    };
  }

  private static boolean isExpiry(HandoffException failure) {
    return failure.refusal().equals(Optional.of(Refusal.EXPIRED));
  }
}
