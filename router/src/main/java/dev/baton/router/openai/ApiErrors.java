package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import java.util.function.UnaryOperator;

/** From Baton's errors to OpenAI's: the only place that chooses a status. */
final class ApiErrors {
  private static final String INVALID = "invalid_request_error";
  private static final String SERVER = "server_error";
  private static final String RATE_LIMIT = "rate_limit_error";

  private ApiErrors() {}

  /**
   * What the client sees.
   *
   * @param param says how the client wrote a field that {@code why} names as a path of {@code
   *     baton.v1}
   */
  static ApiError of(BatonException why, UnaryOperator<String> param) {
    return switch (why.code()) {
      case ERROR_CODE_INVALID_ARGUMENT -> of(400, INVALID, "invalid_value", why, param);
      case ERROR_CODE_UNSUPPORTED -> of(400, INVALID, "unsupported_parameter", why, param);
      case ERROR_CODE_MODEL_NOT_FOUND -> of(404, INVALID, "model_not_found", why, param);
      case ERROR_CODE_CONTEXT_LENGTH_EXCEEDED ->
          of(400, INVALID, "context_length_exceeded", why, param);
      case ERROR_CODE_NO_WORKER -> of(503, SERVER, "no_worker", why, param);
      case ERROR_CODE_OVERLOADED -> overloaded(why, param);
      case ERROR_CODE_DEADLINE_EXCEEDED -> of(504, SERVER, "deadline_exceeded", why, param);
      case ERROR_CODE_STALLED -> of(504, SERVER, "stalled", why, param);
      case ERROR_CODE_WORKER_LOST -> of(503, SERVER, "worker_lost", why, param);
      case ERROR_CODE_HANDOFF_REFUSED -> of(503, SERVER, "handoff_refused", why, param);
      // Nobody is left to read it.
      case ERROR_CODE_CANCELLED -> of(499, SERVER, "cancelled", why, param);
      case ERROR_CODE_DRAINING -> of(503, SERVER, "draining", why, param);
      case ERROR_CODE_INTERNAL, ERROR_CODE_UNSPECIFIED, UNRECOGNIZED ->
          of(500, SERVER, "internal_error", why, param);
    };
  }

  /** 429 tells a tenant of its own limits, 503 of ours. */
  private static ApiError overloaded(BatonException why, UnaryOperator<String> param) {
    return switch (why.reason()) {
      case OVERLOAD_REASON_RATE_LIMIT -> of(429, RATE_LIMIT, "rate_limit_exceeded", why, param);
      case OVERLOAD_REASON_TENANT_QUEUE_FULL ->
          of(429, RATE_LIMIT, "tenant_queue_full", why, param);
      case OVERLOAD_REASON_QUEUE_FULL -> of(503, SERVER, "queue_full", why, param);
      case OVERLOAD_REASON_DEADLINE_UNREACHABLE ->
          of(503, SERVER, "deadline_unreachable", why, param);
      case OVERLOAD_REASON_SLO_UNREACHABLE -> of(503, SERVER, "slo_unreachable", why, param);
      case OVERLOAD_REASON_UNSPECIFIED, UNRECOGNIZED -> of(503, SERVER, "overloaded", why, param);
    };
  }

  private static ApiError of(
      int status, String type, String code, BatonException why, UnaryOperator<String> param) {
    if (why.field().isEmpty()) {
      return new ApiError(status, type, code, null, why.getMessage(), why.retryAfterMs());
    }
    String written = param.apply(why.field());
    String prefix = why.field() + ":";
    String message = why.getMessage();
    if (message.startsWith(prefix)) {
      message = written + message.substring(why.field().length());
    }
    return new ApiError(status, type, code, written, message, why.retryAfterMs());
  }
}
