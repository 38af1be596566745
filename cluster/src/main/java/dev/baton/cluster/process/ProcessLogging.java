package dev.baton.cluster.process;

import org.slf4j.event.Level;

/** Logs of a process. */
public final class ProcessLogging {
  private ProcessLogging() {}

  /** JSON lines on stderr. */
  public static void start(String role, String id, Level level) {
    throw new UnsupportedOperationException();
  }

  /** One-line human format on stderr. */
  public static void plain(Level level) {
    throw new UnsupportedOperationException();
  }

  /** The level that the environment variable BATON_LOG_LEVEL names, or the fallback. */
  public static Level level(Level fallback) {
    throw new UnsupportedOperationException();
  }
}
