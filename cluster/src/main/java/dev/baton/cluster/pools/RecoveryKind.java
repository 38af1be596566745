package dev.baton.cluster.pools;

import java.util.List;
import java.util.Locale;

/** How a request goes on that lost a worker. */
public enum RecoveryKind {
  /** The decode worker keeps what came; another prefill worker sends what is missing. */
  RESUME,
  /** The prefill worker sends what it has in its cache to another decode worker. */
  REPUSH,
  /** Another pair reads prompt and delivered tokens; what their caches have is not computed. */
  RECOMPUTE,
  /** A decode worker reads them itself. */
  LOCAL;

  /**
   * The order of preference of a pool that has no rule: the less is done again, the better. That
   * decode workers read prompts is for an operator to say.
   */
  public static final List<RecoveryKind> DEFAULT_ORDER = List.of(RESUME, REPUSH, RECOMPUTE);

  /** As a label of metrics and in logs. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
