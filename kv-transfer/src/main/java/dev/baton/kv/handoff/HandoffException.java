package dev.baton.kv.handoff;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.baton.proto.internal.v1.HandoffRefusal;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Why a handoff failed, on either side. {@link #from} and {@link #toStatus} are the only places
 * where this is translated from and to gRPC.
 */
public final class HandoffException extends Exception {
  /** Kinds of failure. */
  public enum Code {
    /** One side refused what the other sent; {@link HandoffException#refusal()} says why. */
    REFUSED,
    /** The other side was silent for longer than the stall limit. */
    STALLED,
    /** The connection or the other side broke. */
    LOST,
    /** The caller cancelled, was interrupted, or closed its end. */
    CANCELLED,
    /** The request's deadline passed. */
    DEADLINE_EXCEEDED
  }

  private final Code code;
  private final @Nullable Refusal refusal;

  private HandoffException(
      Code code, @Nullable Refusal refusal, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.code = code;
    this.refusal = refusal;
  }

  /** A refusal; {@code detail} names what was found and what was expected. */
  public static HandoffException refused(Refusal refusal, String detail) {
    return new HandoffException(Code.REFUSED, refusal, detail, null);
  }

  /** Silence of the other side; {@code detail} says what was waited for. */
  public static HandoffException stalled(String detail) {
    return new HandoffException(Code.STALLED, null, detail, null);
  }

  /** A broken connection or peer. */
  public static HandoffException lost(String detail, @Nullable Throwable cause) {
    return new HandoffException(Code.LOST, null, detail, cause);
  }

  /** An end that the caller asked for. */
  public static HandoffException cancelled(String detail, @Nullable Throwable cause) {
    return new HandoffException(Code.CANCELLED, null, detail, cause);
  }

  /**
   * Reads a gRPC failure. A {@link HandoffException} is returned as it is; a status with a {@link
   * HandoffRefusal} in its details becomes a refusal; whatever cannot be read is {@link Code#LOST}.
   */
  public static HandoffException from(Throwable failure) {
    if (failure instanceof HandoffException handoff) {
      return handoff;
    }
    Optional<HandoffRefusal> carried = carriedRefusal(failure);
    if (carried.isPresent()) {
      HandoffRefusal refused = carried.get();
      Refusal reason = Refusal.of(refused.getReason()).orElse(Refusal.PROTOCOL);
      return new HandoffException(Code.REFUSED, reason, refused.getDetail(), failure);
    }
    Status status = Status.fromThrowable(failure);
    Code code =
        switch (status.getCode()) {
          case CANCELLED -> Code.CANCELLED;
          case DEADLINE_EXCEEDED -> Code.DEADLINE_EXCEEDED;
          case ABORTED -> Code.STALLED;
          case OK,
              UNKNOWN,
              INVALID_ARGUMENT,
              NOT_FOUND,
              ALREADY_EXISTS,
              PERMISSION_DENIED,
              RESOURCE_EXHAUSTED,
              FAILED_PRECONDITION,
              OUT_OF_RANGE,
              UNIMPLEMENTED,
              INTERNAL,
              UNAVAILABLE,
              DATA_LOSS,
              UNAUTHENTICATED ->
              Code.LOST;
        };
    String description =
        Objects.requireNonNullElse(status.getDescription(), status.getCode().name());
    return new HandoffException(code, null, description, failure);
  }

  private static Optional<HandoffRefusal> carriedRefusal(Throwable failure) {
    boolean hasStatus =
        failure instanceof StatusException || failure instanceof StatusRuntimeException;
    com.google.rpc.@Nullable Status status = hasStatus ? StatusProto.fromThrowable(failure) : null;
    if (status == null) {
      return Optional.empty();
    }
    for (Any detail : status.getDetailsList()) {
      if (detail.is(HandoffRefusal.class)) {
        try {
          return Optional.of(detail.unpack(HandoffRefusal.class));
        } catch (InvalidProtocolBufferException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }

  /**
   * The status that ends a stream because of this. Its details carry a {@link HandoffRefusal} where
   * this is a refusal.
   */
  public StatusRuntimeException toStatus() {
    com.google.rpc.Status.Builder status = com.google.rpc.Status.newBuilder().setMessage(detail());
    if (refusal != null) {
      status
          .setCode(refusal.statusCode().value())
          .addDetails(
              Any.pack(
                  HandoffRefusal.newBuilder()
                      .setReason(refusal.toProto())
                      .setDetail(detail())
                      .build()));
    } else {
      status.setCode(
          switch (code) {
            case STALLED -> Status.Code.ABORTED.value();
            case REFUSED, LOST -> Status.Code.UNAVAILABLE.value();
            case CANCELLED -> Status.Code.CANCELLED.value();
            case DEADLINE_EXCEEDED -> Status.Code.DEADLINE_EXCEEDED.value();
          });
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  /** The message, never null. */
  String detail() {
    return Objects.requireNonNullElse(getMessage(), code.name());
  }

  /** What kind of failure it is. */
  public Code code() {
    return code;
  }

  /** Why it was refused; empty unless the code is {@link Code#REFUSED}. */
  public Optional<Refusal> refusal() {
    return Optional.ofNullable(refusal);
  }
}
