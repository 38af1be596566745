package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import org.jspecify.annotations.Nullable;

/** What the end of a call to a worker means for the request. */
final class WorkerFailure {
  private WorkerFailure() {}

  /**
   * The error.
   *
   * @param end what ended the call; null if the worker completed it
   */
  static BatonException of(String worker, @Nullable Throwable end) {
    if (end == null) {
      return BatonException.workerLost(worker, "ended its stream too early");
    }
    if (isOfTheTransport(end)) {
      Status status = Status.fromThrowable(end);
      return BatonException.workerLost(worker, status.getCode() + " " + status.getDescription());
    }
    BatonException known = BatonException.from(end);
    return switch (known.code()) {
      // Nobody here cancelled: the worker gave the call up.
      case ERROR_CODE_CANCELLED -> BatonException.workerLost(worker, "it gave the request up");
      case ERROR_CODE_WORKER_LOST -> BatonException.workerLost(worker, known.getMessage());
      // Another incarnation, which serves something else, may answer on the same address.
      case ERROR_CODE_INVALID_ARGUMENT ->
          known.field().equals("lineage")
              ? BatonException.workerLost(worker, known.getMessage())
              : known;
      default -> known;
    };
  }

  /** Of gRPC's own making, damaged bytes for example, and not one that it maps to a meaning. */
  private static boolean isOfTheTransport(Throwable end) {
    com.google.rpc.@Nullable Status details = StatusProto.fromThrowable(end);
    boolean bare = details == null || details.getDetailsCount() == 0;
    return bare
        && switch (Status.fromThrowable(end).getCode()) {
          case UNKNOWN, INTERNAL, DATA_LOSS, UNIMPLEMENTED -> true;
          case OK,
              CANCELLED,
              INVALID_ARGUMENT,
              DEADLINE_EXCEEDED,
              NOT_FOUND,
              ALREADY_EXISTS,
              PERMISSION_DENIED,
              RESOURCE_EXHAUSTED,
              FAILED_PRECONDITION,
              ABORTED,
              OUT_OF_RANGE,
              UNAVAILABLE,
              UNAUTHENTICATED ->
              false;
        };
  }
}
