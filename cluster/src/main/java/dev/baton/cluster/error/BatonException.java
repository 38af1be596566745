package dev.baton.cluster.error;

import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.ErrorDetail;
import dev.baton.proto.v1.OverloadReason;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Collection;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Why a request failed. It has the same code, field, value and hint in every process it passes:
 * {@link #toStatus} and {@link #from} are the only translation to and from gRPC, and one undoes the
 * other. The message is one sentence that may be shown to the client; causes and stack traces stay
 * in this process.
 */
public final class BatonException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Longer values are cut to this many characters. */
  public static final int LONGEST_VALUE = 200;

  private static final int DRAINING_RETRY_AFTER_MS = 1000;

  private final ErrorCode code;
  private final String field;
  private final String value;
  private final String expected;
  private final int retryAfterMs;
  private final OverloadReason reason;

  BatonException(String message, ErrorDetail detail, @Nullable Throwable cause) {
    super(message, cause);
    this.code = detail.getCode();
    this.field = detail.getField();
    this.value = detail.getValue();
    this.expected = detail.getExpected();
    this.retryAfterMs = detail.hasRetryAfterMs() ? detail.getRetryAfterMs() : -1;
    // A reason of a later version is none here, and could not be passed on.
    this.reason =
        detail.getReason() == OverloadReason.UNRECOGNIZED
            ? OverloadReason.OVERLOAD_REASON_UNSPECIFIED
            : detail.getReason();
  }

  private static BatonException of(ErrorCode code, String message) {
    return new BatonException(message, ErrorDetail.newBuilder().setCode(code).build(), null);
  }

  /**
   * A field has a value that it cannot have.
   *
   * @param field path in the public API, such as {@code sampling.temperature}
   * @param value what was sent; cut to {@link #LONGEST_VALUE} characters
   * @param expected what would have been right, to follow "expected"
   */
  public static BatonException invalid(String field, @Nullable Object value, String expected) {
    return aboutField(
        ErrorCode.ERROR_CODE_INVALID_ARGUMENT, field, value, expected, "is not allowed");
  }

  /** A field, or a value of it, that Baton knows and does not serve. */
  public static BatonException unsupported(String field, @Nullable Object value, String expected) {
    return aboutField(ErrorCode.ERROR_CODE_UNSUPPORTED, field, value, expected, "is not supported");
  }

  private static BatonException aboutField(
      ErrorCode code, String field, @Nullable Object value, String expected, String verdict) {
    String shown = shorten(String.valueOf(value));
    return new BatonException(
        "%s: %s %s; expected %s"
            .formatted(field, shown.isEmpty() ? "empty" : shown, verdict, expected),
        ErrorDetail.newBuilder()
            .setCode(code)
            .setField(field)
            .setValue(shown)
            .setExpected(expected)
            .build(),
        null);
  }

  /** No such model here; {@code known} are the names that would have been right. */
  public static BatonException modelNotFound(String model, Collection<String> known) {
    String name = shorten(model);
    String expected =
        known.isEmpty()
            ? "no model is served right now"
            : "one of " + String.join(", ", new TreeSet<>(known));
    return new BatonException(
        "model: there is no '%s'; %s"
            .formatted(name, known.isEmpty() ? expected : "expected " + expected),
        ErrorDetail.newBuilder()
            .setCode(ErrorCode.ERROR_CODE_MODEL_NOT_FOUND)
            .setField("model")
            .setValue(name)
            .setExpected(expected)
            .build(),
        null);
  }

  /** The prompt, or prompt plus answer, is longer than the model's context. All in tokens. */
  public static BatonException contextLength(String field, long tokens, int contextTokens) {
    return new BatonException(
        "%s: %d tokens do not fit the model's context of %d tokens"
            .formatted(field, tokens, contextTokens),
        ErrorDetail.newBuilder()
            .setCode(ErrorCode.ERROR_CODE_CONTEXT_LENGTH_EXCEEDED)
            .setField(field)
            .setValue(Long.toString(tokens))
            .setExpected("at most " + contextTokens + " tokens")
            .build(),
        null);
  }

  /** No worker of this role ("prefill", "decode") serves the model right now. */
  public static BatonException noWorker(String role, String model) {
    return of(
        ErrorCode.ERROR_CODE_NO_WORKER,
        "no %s worker serves model '%s' right now".formatted(role, shorten(model)));
  }

  /**
   * Workers of both roles serve the model, but no two whose KV is the same.
   *
   * @param prefill lineages and layouts of the prefill workers
   * @param decode lineages and layouts of the decode workers
   */
  public static BatonException noEqualPair(String model, String prefill, String decode) {
    return of(
        ErrorCode.ERROR_CODE_NO_WORKER,
        "no prefill worker of model '%s' makes KV that a decode worker can use right now: prefill workers have %s; decode workers have %s"
            .formatted(shorten(model), prefill, decode));
  }

  /** A queue is full; the client may come back after this time. */
  public static BatonException overloaded(String queue, Duration retryAfter) {
    return overloaded(OverloadReason.OVERLOAD_REASON_UNSPECIFIED, queue + " is full", retryAfter);
  }

  /**
   * The request is refused for now; the client may come back after this time.
   *
   * @param reason for programs
   * @param what for people, a sentence without its end
   */
  public static BatonException overloaded(OverloadReason reason, String what, Duration retryAfter) {
    int millis = Math.toIntExact(Math.clamp(retryAfter.toMillis(), 0, Integer.MAX_VALUE));
    return new BatonException(
        "%s; come back in %d ms".formatted(what, millis),
        ErrorDetail.newBuilder()
            .setCode(ErrorCode.ERROR_CODE_OVERLOADED)
            .setReason(reason)
            .setRetryAfterMs(millis)
            .build(),
        null);
  }

  /** The request's deadline passed. */
  public static BatonException deadline() {
    return of(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED, "the request's deadline passed");
  }

  /** The request's deadline passed in this phase, such as "while it waited for blocks". */
  public static BatonException deadline(String phase) {
    return of(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED, "the request's deadline passed " + phase);
  }

  /** A worker was silent for longer than the stall limit. */
  public static BatonException stalled(String worker, Duration limit) {
    return of(
        ErrorCode.ERROR_CODE_STALLED,
        "worker %s was silent for more than %d ms".formatted(worker, limit.toMillis()));
  }

  /** A worker failed, or its connection broke. */
  public static BatonException workerLost(String worker, String why) {
    return of(ErrorCode.ERROR_CODE_WORKER_LOST, "worker %s was lost: %s".formatted(worker, why));
  }

  /** KV blocks were refused on their way from prefill to decode. */
  public static BatonException handoffRefused(String why) {
    return of(ErrorCode.ERROR_CODE_HANDOFF_REFUSED, "the handoff of KV was refused: " + why);
  }

  /** The client went away. */
  public static BatonException cancelled() {
    return of(ErrorCode.ERROR_CODE_CANCELLED, "the request was cancelled");
  }

  /** The process is shutting down; others take the request now, or its successor does soon. */
  public static BatonException draining() {
    return new BatonException(
        "this process is shutting down and takes nothing new",
        ErrorDetail.newBuilder()
            .setCode(ErrorCode.ERROR_CODE_DRAINING)
            .setRetryAfterMs(DRAINING_RETRY_AFTER_MS)
            .build(),
        null);
  }

  /** A fault of Baton's own; {@code what} may be shown to the client. */
  public static BatonException internal(String what) {
    return of(ErrorCode.ERROR_CODE_INTERNAL, what);
  }

  /** As {@link #internal(String)}, with a cause for the log of this process. */
  public static BatonException internal(String what, Throwable cause) {
    return new BatonException(
        what,
        ErrorDetail.newBuilder().setCode(ErrorCode.ERROR_CODE_INTERNAL).build(),
        Objects.requireNonNull(cause, "cause"));
  }

  /**
   * What a throwable means for the request, whatever it is: a {@code BatonException} itself; a gRPC
   * status with or without details; a wrapper ({@code ExecutionException}, {@code
   * CompletionException}) of one; a timeout, an interruption, a cancellation. Anything else is
   * logged here, once, with its stack trace and the request id of {@link org.slf4j.MDC}, and
   * becomes INTERNAL with a message that tells nothing of it.
   */
  public static BatonException from(Throwable thrown) {
    return StatusTranslation.from(thrown);
  }

  /**
   * As a gRPC status whose {@code google.rpc.Status} details carry one {@link ErrorDetail}.
   *
   * @param requestId the request's id, or empty
   */
  public StatusRuntimeException toStatus(String requestId) {
    return StatusTranslation.toStatus(this, requestId);
  }

  /** The kind; never UNSPECIFIED nor UNRECOGNIZED. */
  public ErrorCode code() {
    return code;
  }

  /** The field at fault, or empty. */
  public String field() {
    return field;
  }

  /** The offending value, or empty. */
  public String value() {
    return value;
  }

  /** What would have been right, or empty. */
  public String expected() {
    return expected;
  }

  /** When to come back, in milliseconds; empty where coming back at a given time does not help. */
  public OptionalInt retryAfterMs() {
    return retryAfterMs < 0 ? OptionalInt.empty() : OptionalInt.of(retryAfterMs);
  }

  /** What refused the request, with OVERLOADED. */
  public OverloadReason reason() {
    return reason;
  }

  /** Whether the same request may succeed when it is sent again, perhaps elsewhere. */
  public boolean isRetryable() {
    return switch (code) {
      case ERROR_CODE_NO_WORKER,
          ERROR_CODE_OVERLOADED,
          ERROR_CODE_STALLED,
          ERROR_CODE_WORKER_LOST,
          ERROR_CODE_HANDOFF_REFUSED,
          ERROR_CODE_DRAINING ->
          true;
      case ERROR_CODE_INVALID_ARGUMENT,
          ERROR_CODE_UNSUPPORTED,
          ERROR_CODE_MODEL_NOT_FOUND,
          ERROR_CODE_CONTEXT_LENGTH_EXCEEDED,
          ERROR_CODE_DEADLINE_EXCEEDED,
          ERROR_CODE_CANCELLED,
          ERROR_CODE_INTERNAL,
          ERROR_CODE_UNSPECIFIED,
          UNRECOGNIZED ->
          false;
    };
  }

  /** For a message to the client, with this request id. */
  public ErrorDetail toDetail(String requestId) {
    ErrorDetail.Builder detail =
        ErrorDetail.newBuilder()
            .setCode(code)
            .setField(field)
            .setValue(value)
            .setExpected(expected)
            .setReason(reason)
            .setRequestId(requestId);
    if (retryAfterMs >= 0) {
      detail.setRetryAfterMs(retryAfterMs);
    }
    return detail.build();
  }

  /** The sentence; never null. */
  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  private static String shorten(String text) {
    return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE - 1) + "…";
  }
}
