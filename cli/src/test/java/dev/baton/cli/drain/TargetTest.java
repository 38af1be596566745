package dev.baton.cli.drain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cli.drain.Target.Role;
import dev.baton.cli.shell.Failure;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TargetTest {
  private static final Target P1 = new Target("p-1", Role.PREFILL, "h100", Optional.empty(), 1);
  private static final Target D1 = new Target("d-1", Role.DECODE, "a100", Optional.empty(), 2);
  private static final Target R1 = new Target("r-1", Role.ROUTER, "", Optional.empty(), 3);
  private static final Target MIXED_P =
      new Target("g-prefill", Role.PREFILL, "a100", Optional.of("g"), 4);
  private static final Target MIXED_D =
      new Target("g-decode", Role.DECODE, "a100", Optional.of("g"), 5);
  private static final List<Target> ALL = List.of(D1, MIXED_D, MIXED_P, P1, R1);

  @Test
  void namesMeanWorkersRoutersAndBothRolesOfAMixedWorker() {
    assertThat(Target.named(ALL, List.of("r-1", "g", "d-1")))
        .containsExactly(R1, MIXED_D, MIXED_P, D1);
  }

  @Test
  void unknownMemberIsNamedTogetherWithThoseThatAreThere() {
    assertThatThrownBy(() -> Target.named(ALL, List.of("d-1", "d-9")))
        .isInstanceOf(Failure.class)
        .hasMessage("no member 'd-9' is registered now; there are [d-1, g, p-1, r-1]");
  }

  @Test
  void oneRoleOfAMixedWorkerIsNotDrainedAlone() {
    assertThatThrownBy(() -> Target.named(ALL, List.of("g-decode")))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("a role of the mixed worker g: 'baton drain g'");
  }

  @Test
  void roleAndPoolNarrowEachOther() {
    assertThat(Target.where(ALL, Optional.of(Role.ROUTER), Optional.empty())).containsExactly(R1);
    assertThat(Target.where(ALL, Optional.empty(), Optional.of("h100"))).containsExactly(P1);
    assertThat(Target.where(ALL, Optional.of(Role.DECODE), Optional.of("a100")))
        .containsExactly(D1, MIXED_D, MIXED_P);
    assertThatThrownBy(() -> Target.where(ALL, Optional.of(Role.ROUTER), Optional.of("a100")))
        .hasMessage("no member is registered now of role router in pool 'a100'");
  }
}
