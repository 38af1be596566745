package dev.baton.cluster.error;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A process, or a part of one, cannot start: something outside it is not as it should be. The
 * message names what was found and how to mend it; a command line prints it as it is.
 */
public final class StartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What stood in the way. */
  public enum Reason {
    /** A host, port, connect string, id or directory is not well-formed. */
    BAD_VALUE,
    /** A port cannot be bound. */
    CANNOT_BIND,
    /** ZooKeeper does not answer. */
    ZOOKEEPER_UNREACHABLE,
    /** Somebody else holds the worker's id. */
    ID_TAKEN,
    /** A data directory cannot be used. */
    BAD_DIRECTORY
  }

  private final Reason reason;

  /** A failure without a cause of its own. */
  public StartException(Reason reason, String message) {
    this(reason, message, null);
  }

  /** A failure with its cause, which the message should not repeat in full. */
  public StartException(Reason reason, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.reason = Objects.requireNonNull(reason, "reason");
  }

  /** What stood in the way. */
  public Reason reason() {
    return reason;
  }
}
