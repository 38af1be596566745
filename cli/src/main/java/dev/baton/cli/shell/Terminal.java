package dev.baton.cli.shell;

/**
 * Which of this process's streams are a terminal. The launcher looks, because the JDK tells only of
 * stdin and stdout together.
 */
public final class Terminal {
  private Terminal() {}

  /** Whether a person types. */
  public static boolean isStdin() {
    return Boolean.getBoolean("baton.stdin.terminal");
  }

  /** Whether a person reads what is written to stderr. */
  public static boolean isStderr() {
    return Boolean.getBoolean("baton.stderr.terminal");
  }
}
