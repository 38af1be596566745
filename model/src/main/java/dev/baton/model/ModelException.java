package dev.baton.model;

import java.nio.file.Path;
import java.util.Objects;

/**
 * A model directory cannot be used or written. The message is one sentence for an operator: which
 * file, which field or tensor, what was found, what would be right.
 */
public final class ModelException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Kinds of fault. */
  public enum Code {
    /** A file is not there or cannot be read. */
    FILE_MISSING,
    /** A file is not what its name says, or is cut short. */
    FILE_CORRUPT,
    /** A configuration field is missing or has a value that it cannot have. */
    CONFIG_INVALID,
    /** The architecture, or an option of it, is not implemented. */
    UNSUPPORTED,
    /** A tensor that the architecture needs is not in the weights. */
    TENSOR_MISSING,
    /** A tensor has another shape or element type than the configuration says. */
    TENSOR_MISMATCH,
    /** The tokenizer or chat template cannot be loaded or rendered. */
    TEXT,
    /** The place to write a model to is taken or cannot be written. */
    NOT_WRITABLE
  }

  private final Code code;

  /** A fault of {@code file}: {@code detail} continues the sentence that the file's path begins. */
  public ModelException(Code code, Path file, String detail) {
    super(file + ": " + detail);
    this.code = Objects.requireNonNull(code, "code");
  }

  /** A fault of {@code file} with the exception behind it. */
  public ModelException(Code code, Path file, String detail, Throwable cause) {
    super(file + ": " + detail, cause);
    this.code = Objects.requireNonNull(code, "code");
  }

  /** What kind of fault it is. */
  public Code code() {
    return code;
  }
}
