package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.chaos.ChaosReport.AtRest;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ChaosReportTest {
  private static final AtRest CLEAN = new AtRest(0, List.of(), List.of());

  private static ChaosReport report(Map<Outcome, Long> outcomes, AtRest atRest) {
    ClusterShape shape = new ClusterShape(2, 2, 3);
    FaultSchedule schedule =
        FaultSchedule.draw(
            1,
            new FaultSchedule.Plan(
                10, 3, shape, EnumSet.of(FaultKind.KILL_DECODE), true, Duration.ofSeconds(4)));
    return new ChaosReport(
        1,
        "cpu",
        shape,
        12.5,
        10,
        schedule.faults(),
        new ChaosTally.Counts(outcomes, Map.of(), List.of(), 100, 0),
        Map.of(FaultKind.KILL_DECODE, new double[] {10, 20, 900}),
        atRest,
        0,
        0);
  }

  @ParameterizedTest
  @EnumSource(Outcome.class)
  void oneStreamThatBreaksAPromiseIsEnough(Outcome outcome) {
    assertThat(report(Map.of(outcome, 1L), CLEAN).isClean()).isEqualTo(outcome.isGood());
  }

  @Test
  void leakedBlockOrAMemberThatIsMissingIsEnough() {
    Map<Outcome, Long> good = Map.of(Outcome.COMPLETED, 10L);

    assertThat(report(good, CLEAN).isClean()).isTrue();
    assertThat(report(good, new AtRest(1, List.of("a block"), List.of())).isClean()).isFalse();
    assertThat(report(good, new AtRest(0, List.of("a handoff"), List.of())).isClean()).isFalse();
    assertThat(report(good, new AtRest(0, List.of(), List.of("decode-1"))).isClean()).isFalse();
  }

  @Test
  void fieldsHaveWhatProgramsAskFor() {
    assertThat(report(Map.of(Outcome.COMPLETED, 10L), CLEAN).fields())
        .containsEntry("requests", 10)
        .containsEntry("faults", 3)
        .containsEntry("lost", 0L)
        .containsEntry("hung", 0L)
        .containsEntry("duplicated", 0L)
        .containsEntry("divergent", 0L)
        .containsEntry("leaked_blocks", 0L)
        .containsEntry("failed_allowed", 0L)
        .containsEntry("failed_unexpectedly", 0L)
        .containsEntry("recovery_p50_ms", 20.0)
        .containsEntry("recovery_p99_ms", 900.0);
  }
}
