package dev.baton.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.baton.proto.v1.ErrorDetail;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request failed. The only exception that the SDK's calls throw for what happens after they were
 * sent; wrong arguments are {@link IllegalArgumentException}s when the request is built.
 */
public final class BatonException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;
  private final String field;
  private final String value;
  private final String expected;
  private final String requestId;
  private final @Nullable Duration retryAfter;

  private BatonException(
      ErrorCode code, String message, ErrorDetail detail, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.field = detail.getField();
    this.value = detail.getValue();
    this.expected = detail.getExpected();
    this.requestId = detail.getRequestId();
    this.retryAfter =
        detail.hasRetryAfterMs()
            ? Duration.ofMillis(Integer.toUnsignedLong(detail.getRetryAfterMs()))
            : null;
  }

  BatonException(ErrorCode code, String message) {
    this(code, message, ErrorDetail.getDefaultInstance(), null);
  }

  /** The only place where gRPC's words become the SDK's. */
  static BatonException of(Status status, @Nullable Metadata trailers) {
    ErrorDetail detail = detailIn(status, trailers);
    ErrorCode code = ErrorCode.of(detail.getCode(), status.getCode());
    return new BatonException(code, message(code, status, detail), detail, status.getCause());
  }

  static BatonException of(StatusRuntimeException failure) {
    return of(failure.getStatus(), failure.getTrailers());
  }

  private static ErrorDetail detailIn(Status status, @Nullable Metadata trailers) {
    if (trailers != null) {
      com.google.rpc.Status wire = StatusProto.fromStatusAndTrailers(status, trailers);
      for (Any each : wire.getDetailsList()) {
        if (each.is(ErrorDetail.class)) {
          try {
            return each.unpack(ErrorDetail.class);
          } catch (InvalidProtocolBufferException unreadable) {
            return ErrorDetail.getDefaultInstance();
          }
        }
      }
    }
    return ErrorDetail.getDefaultInstance();
  }

  private static String message(ErrorCode code, Status status, ErrorDetail detail) {
    if (code == ErrorCode.UNREACHABLE) {
      return "the router cannot be reached: " + reason(status);
    }
    @Nullable String description = status.getDescription();
    if (description != null && !description.isBlank()) {
      return description;
    }
    if (!detail.getField().isEmpty()) {
      return detail.getField() + ": " + detail.getValue() + ", expected " + detail.getExpected();
    }
    return code.name();
  }

  /** gRPC's own words are "io exception"; the exception behind them names the address. */
  private static String reason(Status status) {
    @Nullable Throwable cause = status.getCause();
    return String.valueOf(cause == null ? status.getDescription() : cause.getMessage());
  }

  /** What kind of failure it is. */
  public ErrorCode code() {
    return code;
  }

  /** The request field at fault, as a path ("sampling.temperature"). Empty where no field is. */
  public String field() {
    return field;
  }

  /** The offending value. Empty where no field is at fault. */
  public String value() {
    return value;
  }

  /** What would have been right. Empty where no field is at fault. */
  public String expected() {
    return expected;
  }

  /** The request's id, as the logs of every process name it. Empty when no router saw it. */
  public String requestId() {
    return requestId;
  }

  /** When the router asks to come back. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }

  /** Whether the same request may succeed when it is sent again. */
  public boolean isRetryable() {
    return code.isRetryable();
  }
}
