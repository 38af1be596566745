package dev.baton.cluster.process;

/**
 * Whether a process takes work.
 *
 * @param isReady whether it does
 * @param reason why not, one sentence; empty when it does
 */
public record Readiness(boolean isReady, String reason) {
  private static final Readiness READY = new Readiness(true, "");

  /** It takes work. */
  public static Readiness ready() {
    return READY;
  }

  /** It takes none, for this reason. */
  public static Readiness notReady(String reason) {
    return new Readiness(false, reason);
  }
}
