package dev.baton.kv.tier;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A disk tier cannot be opened. The message names the directory and what would be right. */
public final class DiskTierException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What stood in the way. */
  public enum Reason {
    /** Another process, or another tier of this one, uses the directory. */
    IN_USE,
    /** The directory cannot be made, read or written. */
    BAD_DIRECTORY,
    /** The bound does not hold even one block. */
    TOO_SMALL
  }

  private final Reason reason;

  DiskTierException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason, "reason");
  }

  /** What stood in the way. */
  public Reason reason() {
    return reason;
  }
}
