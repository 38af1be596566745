package dev.baton.cli.bench.placement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.placement.JointObjective;
import dev.baton.router.placement.LocalPrefillRule;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What {@code baton bench placement} measures with. */
class DrawnClusterTest {
  @Test
  void theSameSeedDrawsTheSameAndAnotherDoesNot() {
    DrawnCluster one = DrawnCluster.of(8, 1);

    assertThat(DrawnCluster.of(8, 1).requests()).isEqualTo(one.requests());
    assertThat(DrawnCluster.of(8, 2).requests()).isNotEqualTo(one.requests());
  }

  @ParameterizedTest
  @EnumSource
  void everyPolicyPlacesEveryRequest(PlacementPolicy policy) {
    DrawnCluster cluster = DrawnCluster.of(3, 1);
    var placement =
        policy.placement(new JointObjective(1, 0.1, 0, 0, LocalPrefillRule.NEVER, 128), 1);

    assertThat(cluster.requests())
        .allSatisfy(request ->
            assertThat(placement.place(request, cluster.view())).isInstanceOf(Placed.class));
  }
}
