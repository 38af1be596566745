package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.harness.chaos.Member.Role;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FaultScheduleTest {
  private static final Set<FaultKind> ALL = EnumSet.allOf(FaultKind.class);
  private static final ClusterShape SHAPE = new ClusterShape(2, 2, 3);

  private static FaultSchedule.Plan plan(int faults, ClusterShape shape, Set<FaultKind> kinds) {
    return new FaultSchedule.Plan(1_000, faults, shape, kinds, true, Duration.ofSeconds(4));
  }

  @Test
  void sameSeedGivesTheSameSchedule() {
    FaultSchedule.Plan plan = plan(100, SHAPE, ALL);

    assertThat(FaultSchedule.draw(7, plan)).isEqualTo(FaultSchedule.draw(7, plan));
    assertThat(FaultSchedule.draw(7, plan)).isNotEqualTo(FaultSchedule.draw(8, plan));
  }

  @Test
  void everyKindComesOnceBeforeAnyComesTwice() {
    FaultSchedule schedule = FaultSchedule.draw(1, plan(ALL.size(), SHAPE, ALL));

    assertThat(schedule.faults().stream().map(Fault::kind).collect(Collectors.toSet()))
        .isEqualTo(ALL);
  }

  @Test
  void faultsAreSpreadOverTheRequests() {
    FaultSchedule schedule = FaultSchedule.draw(1, plan(10, SHAPE, ALL));

    assertThat(schedule.faults())
        .extracting(Fault::afterRequests)
        .containsExactly(1, 101, 201, 301, 401, 501, 601, 701, 801, 901);
  }

  @Test
  void onlyMemberOfItsRoleIsNeverSilenced() {
    FaultSchedule schedule =
        FaultSchedule.draw(3, plan(200, new ClusterShape(1, 1, 2), EnumSet.allOf(FaultKind.class)));

    assertThat(schedule.faults())
        .filteredOn(fault -> fault.kind().silences())
        .isNotEmpty()
        .allSatisfy(fault -> assertThat(fault.target().role()).isEqualTo(Role.DECODE));
  }

  @Test
  void everyTargetOfAKindIsStruck() {
    Set<Member> targets = new HashSet<>();
    FaultSchedule.draw(5, plan(60, SHAPE, Set.of(FaultKind.FREEZE_DECODE)))
        .faults()
        .forEach(fault -> targets.add(fault.target()));

    assertThat(targets).hasSize(3);
  }

  @Test
  void sessionExpiryOutlastsTheSession() {
    FaultSchedule schedule =
        FaultSchedule.draw(5, plan(60, SHAPE, Set.of(FaultKind.SESSION_EXPIRY)));

    assertThat(schedule.faults())
        .allSatisfy(fault -> assertThat(fault.lasts()).isGreaterThan(Duration.ofSeconds(5)));
  }

  @Test
  void scheduleOfNothingPossibleIsRefused() {
    assertThatThrownBy(() ->
            FaultSchedule.draw(
                1, plan(1, new ClusterShape(1, 1, 1), Set.of(FaultKind.KILL_DECODE))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("leave one");
  }

  @Test
  void labelsAreUniqueAndRead() {
    assertThat(ALL).allSatisfy(kind -> assertThat(FaultKind.of(kind.label())).contains(kind));
    assertThat(FaultKind.of("meteor")).isEmpty();
  }
}
