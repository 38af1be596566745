package dev.baton.harness.load;

import org.jspecify.annotations.Nullable;

/** A server cannot be put under load: it is not there, or not what it was said to be. */
public final class TargetException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  TargetException(String message) {
    this(message, null);
  }

  TargetException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
