package dev.baton.engine;

import java.util.Objects;

/**
 * The engine cannot go on with what the model holds or computed. The message is one sentence for an
 * operator.
 */
public final class EngineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Kinds of fault. */
  public enum Code {
    /** A logit is NaN or infinite: the model's weights or a KV block are broken. */
    LOGITS_NOT_FINITE,
    /** A weight is NaN or infinite, where kernels need finite ones. */
    WEIGHT_NOT_FINITE,
    /** The KV of earlier positions is not what their tokens make. */
    KV_WRONG,
    /**
     * The same tokens made other bits in another batch: kernels, compiler or machine are broken.
     */
    NOT_REPRODUCIBLE
  }

  private final Code code;

  /** A fault of this kind. */
  public EngineException(Code code, String message) {
    super(message);
    this.code = Objects.requireNonNull(code, "code");
  }

  /** What kind of fault it is. */
  public Code code() {
    return code;
  }
}
