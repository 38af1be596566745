package dev.baton.client;

import io.grpc.Status;

/** Kinds of failure, as a program tells them apart. */
public enum ErrorCode {
  /** A field has a value that it cannot have. */
  INVALID_ARGUMENT(false),
  /** A field or feature is known and not served here. */
  UNSUPPORTED(false),
  /** No such model in this cluster. */
  MODEL_NOT_FOUND(false),
  /** Prompt, or prompt plus answer, is longer than the model's context. */
  CONTEXT_LENGTH_EXCEEDED(false),
  /** No prefill worker, or no decode worker, serves the model right now. */
  NO_WORKER(true),
  /** Every queue that could take the request is full. */
  OVERLOADED(true),
  /** The request's deadline passed. */
  DEADLINE_EXCEEDED(false),
  /** A worker was silent for longer than the stall limit. */
  STALLED(true),
  /** A worker failed, or its connection broke. */
  WORKER_LOST(true),
  /** KV blocks were refused on their way from prefill to decode. */
  HANDOFF_REFUSED(true),
  /** The caller cancelled. */
  CANCELLED(false),
  /** The router is shutting down. */
  DRAINING(true),
  /** The router cannot be reached, or the connection to it broke. */
  UNREACHABLE(true),
  /** A fault of Baton's own. */
  INTERNAL(false);

  private final boolean retryable;

  ErrorCode(boolean retryable) {
    this.retryable = retryable;
  }

  /** Whether the same request may succeed when it is sent again. */
  public boolean isRetryable() {
    return retryable;
  }

  static ErrorCode of(dev.baton.proto.v1.ErrorCode wire, Status.Code status) {
    return switch (wire) {
      case ERROR_CODE_INVALID_ARGUMENT -> INVALID_ARGUMENT;
      case ERROR_CODE_UNSUPPORTED -> UNSUPPORTED;
      case ERROR_CODE_MODEL_NOT_FOUND -> MODEL_NOT_FOUND;
      case ERROR_CODE_CONTEXT_LENGTH_EXCEEDED -> CONTEXT_LENGTH_EXCEEDED;
      case ERROR_CODE_NO_WORKER -> NO_WORKER;
      case ERROR_CODE_OVERLOADED -> OVERLOADED;
      case ERROR_CODE_DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
      case ERROR_CODE_STALLED -> STALLED;
      case ERROR_CODE_WORKER_LOST -> WORKER_LOST;
      case ERROR_CODE_HANDOFF_REFUSED -> HANDOFF_REFUSED;
      case ERROR_CODE_CANCELLED -> CANCELLED;
      case ERROR_CODE_DRAINING -> DRAINING;
      case ERROR_CODE_INTERNAL -> INTERNAL;
      case ERROR_CODE_UNSPECIFIED, UNRECOGNIZED -> of(status);
    };
  }

  static ErrorCode of(Status.Code status) {
    return switch (status) {
      case INVALID_ARGUMENT, OUT_OF_RANGE, FAILED_PRECONDITION -> INVALID_ARGUMENT;
      case UNIMPLEMENTED -> UNSUPPORTED;
      case NOT_FOUND -> MODEL_NOT_FOUND;
      case RESOURCE_EXHAUSTED -> OVERLOADED;
      case DEADLINE_EXCEEDED -> DEADLINE_EXCEEDED;
      case CANCELLED -> CANCELLED;
      case UNAVAILABLE -> UNREACHABLE;
      case OK,
          UNKNOWN,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          ABORTED,
          INTERNAL,
          DATA_LOSS,
          UNAUTHENTICATED ->
          INTERNAL;
    };
  }
}
