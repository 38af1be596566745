package dev.baton.router.generation;

import static dev.baton.router.generation.Phase.CLOSING;
import static dev.baton.router.generation.Phase.DECODING;
import static dev.baton.router.generation.Phase.OVER;
import static dev.baton.router.generation.Phase.PREFILLING;
import static dev.baton.router.generation.Phase.RESERVING;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PhaseTest {
  @Test
  void theseEdgesExistAndNoOthers() {
    Map<Phase, Set<Phase>> edges =
        Map.of(
            RESERVING, Set.of(PREFILLING, OVER),
            PREFILLING, Set.of(DECODING, OVER),
            DECODING, Set.of(CLOSING, OVER),
            CLOSING, Set.of(OVER),
            OVER, Set.of());
    for (Phase from : Phase.values()) {
      for (Phase to : Phase.values()) {
        assertThat(from.leadsTo(to))
            .as("%s to %s", from, to)
            .isEqualTo(edges.get(from).contains(to));
      }
    }
  }
}
