package dev.baton.harness.workload;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A workload cannot be what was asked for: a trace's line is wrong, or a value cannot be. */
public final class WorkloadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A value that cannot be; the message says what would be right. */
  public WorkloadException(String message) {
    super(message);
  }

  private WorkloadException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** A fault of one line, counted from 1. */
  static WorkloadException at(Path file, int line, String fault) {
    return new WorkloadException(file + ":" + line + ": " + fault);
  }

  /** A file that cannot be read at all. */
  static WorkloadException unreadable(Path file, Throwable cause) {
    return new WorkloadException(file + ": cannot be read: " + cause.getMessage(), cause);
  }
}
