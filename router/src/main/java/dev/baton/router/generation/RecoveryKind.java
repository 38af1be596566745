package dev.baton.router.generation;

import dev.baton.router.placement.Among;
import dev.baton.router.placement.PlacementDecision.Placed;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How a request goes on after a loss, in the order of preference: the less is done again, the
 * better. The same for every pool.
 */
enum RecoveryKind {
  /** The decode worker keeps what came; another prefill worker sends what is missing. */
  RESUME,
  /** The prefill worker sends what it has in its cache to another decode worker. */
  REPUSH,
  /** Another pair reads prompt and delivered tokens; what their caches have is not computed. */
  RECOMPUTE,
  /** A decode worker reads them itself, where the rule about local prefill allows it. */
  LOCAL;

  /**
   * Among whom to look, best first. A local prefill is placement's own choice among those whom it
   * is asked for.
   *
   * @param all everybody who may go on with it
   */
  static List<Among> preferences(Search search, Among all) {
    List<Among> preferences = new ArrayList<>();
    search.orphan().ifPresent(leg -> preferences.add(all.writing(leg.writer())));
    search.reader().ifPresent(reader -> preferences.add(all.reading(reader)));
    preferences.add(all);
    return preferences;
  }

  /** Which of them it is that was found. */
  static RecoveryKind of(Search search, Placed placed) {
    if (placed.isLocal()) {
      return LOCAL;
    }
    if (search.orphan().filter(leg -> leg.writer().equals(placed.decode())).isPresent()) {
      return RESUME;
    }
    return search.reader().filter(placed.prefill()::equals).isPresent() ? REPUSH : RECOMPUTE;
  }

  /** As a label of metrics and in logs. */
  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
