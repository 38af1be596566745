package dev.baton.cli.shell;

/** The user ended the command: nothing more is to be said about it. */
public final class Stopped extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Ctrl-C, or SIGTERM. */
  public Stopped() {
    super("stopped");
  }
}
