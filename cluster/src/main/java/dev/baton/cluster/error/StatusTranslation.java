package dev.baton.cluster.error;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.baton.proto.internal.v1.HandoffRefusal;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.ErrorDetail;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Between {@link BatonException} and gRPC's status, in both directions. */
final class StatusTranslation {
  private static final Logger LOG = LoggerFactory.getLogger(BatonException.class);

  private StatusTranslation() {}

  static StatusRuntimeException toStatus(BatonException thrown, String requestId) {
    return StatusProto.toStatusRuntimeException(
        com.google.rpc.Status.newBuilder()
            .setCode(status(thrown.code()).value())
            .setMessage(thrown.getMessage())
            .addDetails(Any.pack(thrown.toDetail(requestId)))
            .build());
  }

  private static Status.Code status(ErrorCode code) {
    return switch (code) {
      case ERROR_CODE_INVALID_ARGUMENT -> Status.Code.INVALID_ARGUMENT;
      case ERROR_CODE_UNSUPPORTED -> Status.Code.UNIMPLEMENTED;
      case ERROR_CODE_MODEL_NOT_FOUND -> Status.Code.NOT_FOUND;
      case ERROR_CODE_CONTEXT_LENGTH_EXCEEDED -> Status.Code.OUT_OF_RANGE;
      case ERROR_CODE_NO_WORKER, ERROR_CODE_STALLED, ERROR_CODE_WORKER_LOST, ERROR_CODE_DRAINING ->
          Status.Code.UNAVAILABLE;
      case ERROR_CODE_OVERLOADED -> Status.Code.RESOURCE_EXHAUSTED;
      case ERROR_CODE_DEADLINE_EXCEEDED -> Status.Code.DEADLINE_EXCEEDED;
      case ERROR_CODE_HANDOFF_REFUSED -> Status.Code.ABORTED;
      case ERROR_CODE_CANCELLED -> Status.Code.CANCELLED;
      case ERROR_CODE_INTERNAL, ERROR_CODE_UNSPECIFIED, UNRECOGNIZED -> Status.Code.INTERNAL;
    };
  }

  static BatonException from(Throwable thrown) {
    return switch (unwrap(thrown)) {
      case BatonException known -> known;
      case StatusRuntimeException status -> fromStatus(status.getStatus(), status);
      case StatusException status -> fromStatus(status.getStatus(), status);
      case TimeoutException timeout ->
          about(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED, "the request took too long", timeout);
      case InterruptedException interrupted ->
          about(ErrorCode.ERROR_CODE_CANCELLED, "the request was cancelled", interrupted);
      case CancellationException cancelled ->
          about(ErrorCode.ERROR_CODE_CANCELLED, "the request was cancelled", cancelled);
      case Throwable unknown -> unknown(unknown);
    };
  }

  private static Throwable unwrap(Throwable thrown) {
    Throwable each = thrown;
    while ((each instanceof CompletionException || each instanceof ExecutionException)
        && each.getCause() != null) {
      each = each.getCause();
    }
    return each;
  }

  private static BatonException unknown(Throwable thrown) {
    LOG.error("a fault of Baton's own", thrown);
    return about(
        ErrorCode.ERROR_CODE_INTERNAL,
        "a fault of Baton's own; the log of the process has it under the request's id",
        thrown);
  }

  private static BatonException fromStatus(Status status, Throwable thrown) {
    com.google.rpc.@Nullable Status details = StatusProto.fromThrowable(thrown);
    String description = Optional.ofNullable(status.getDescription()).orElse("");
    if (details != null) {
      Optional<ErrorDetail> detail =
          find(details, ErrorDetail.class).filter(StatusTranslation::isKnown);
      if (detail.isPresent()) {
        return new BatonException(description, detail.get(), thrown);
      }
      Optional<HandoffRefusal> refusal = find(details, HandoffRefusal.class);
      if (refusal.isPresent()) {
        return BatonException.handoffRefused(
            refusal.get().getReason() + ", " + refusal.get().getDetail());
      }
    }
    return fromBareStatus(status, description, thrown);
  }

  private static boolean isKnown(ErrorDetail detail) {
    return detail.getCode() != ErrorCode.ERROR_CODE_UNSPECIFIED
        && detail.getCode() != ErrorCode.UNRECOGNIZED;
  }

  private static <M extends Message> Optional<M> find(com.google.rpc.Status status, Class<M> type) {
    for (Any each : status.getDetailsList()) {
      if (each.is(type)) {
        try {
          return Optional.of(each.unpack(type));
        } catch (InvalidProtocolBufferException garbage) {
          LOG.warn("a peer sent a {} that does not parse", type.getSimpleName(), garbage);
        }
      }
    }
    return Optional.empty();
  }

  /** Of gRPC's own making, or of a peer that is not Baton. */
  private static BatonException fromBareStatus(
      Status status, String description, Throwable thrown) {
    return switch (status.getCode()) {
      case CANCELLED -> about(ErrorCode.ERROR_CODE_CANCELLED, "the request was cancelled", thrown);
      case DEADLINE_EXCEEDED ->
          about(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED, "the request's deadline passed", thrown);
      case INVALID_ARGUMENT, OUT_OF_RANGE ->
          about(ErrorCode.ERROR_CODE_INVALID_ARGUMENT, "refused: " + description, thrown);
      case UNIMPLEMENTED ->
          about(ErrorCode.ERROR_CODE_UNSUPPORTED, "not served: " + description, thrown);
      case RESOURCE_EXHAUSTED ->
          about(
              description.contains("exceeds maximum size")
                  ? ErrorCode.ERROR_CODE_INVALID_ARGUMENT
                  : ErrorCode.ERROR_CODE_OVERLOADED,
              "refused: " + description,
              thrown);
      case UNAVAILABLE ->
          about(
              ErrorCode.ERROR_CODE_WORKER_LOST,
              "a connection broke: " + description + because(status),
              thrown);
      case OK,
          UNKNOWN,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          FAILED_PRECONDITION,
          ABORTED,
          INTERNAL,
          DATA_LOSS,
          UNAUTHENTICATED ->
          status.getCause() == null ? unknown(thrown) : from(status.getCause());
    };
  }

  private static String because(Status status) {
    Throwable cause = status.getCause();
    return cause == null || cause.getMessage() == null ? "" : ", " + cause.getMessage();
  }

  private static BatonException about(ErrorCode code, String message, Throwable cause) {
    return new BatonException(message, ErrorDetail.newBuilder().setCode(code).build(), cause);
  }
}
