package dev.baton.cli.shell;

import org.jspecify.annotations.Nullable;

/** A command cannot do what it was asked to: the message says what, and what would help. */
public final class Failure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A failure with nothing behind it. */
  public Failure(String message) {
    this(message, null);
  }

  /** A failure with the exception behind it, which only {@code --verbose} shows. */
  public Failure(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
