package dev.baton.harness.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RunReportTest {
  // Limits: TTFT 100 ms, TPOT 50 ms; three tokens each.
  private final RunReport run =
      Exchanges.report(
          4000,
          Exchanges.slo(),
          Exchanges.answered(0, 0, 100, 200), // meets both, exactly
          Exchanges.answered(1000, 1050, 1101, 1150), // late only if counted from the due time
          Exchanges.answered(2000, 2000, 2050, 2151), // TPOT 50.5
          Exchanges.failed(3000, "http_429:overloaded"));

  @Test
  void goodputCountsCompletedRequestsThatMetAllLimitsOverTheRunsLength() {
    Goodput goodput = run.goodput();

    assertThat(goodput.met()).isEqualTo(1);
    assertThat(goodput.share()).isEqualTo(0.25);
    assertThat(goodput.requestsPerSecond()).isEqualTo(0.25);
    assertThat(goodput.sloMs()).isEqualTo(Map.of("ttft", 100.0, "tpot", 50.0));
  }

  @Test
  void countsAddUp() {
    assertThat(run.sent()).isEqualTo(4);
    assertThat(run.completed()).isEqualTo(3);
    assertThat(run.failed()).isEqualTo(1);
    assertThat(run.errors()).isEqualTo(Map.of("http_429:overloaded", 1L));
    assertThat(run.requestsPerSecond()).isEqualTo(0.75);
  }

  @Test
  void tokensAndTheCachedShareAreOfTheServersUsage() {
    assertThat(run.tokens().prompt()).isEqualTo(330);
    assertThat(run.tokens().promptPlanned()).isEqualTo(300);
    assertThat(run.tokens().cachedShare()).isEqualTo(0.5);
    assertThat(run.tokens().outputPerSecond()).isEqualTo(2.25);
  }

  @Test
  void latencyCountsFromTheDueTimeAndFromSending() {
    assertThat(run.ttftMs().max()).isEqualTo(101);
    assertThat(run.ttftFromSendMs().max()).isEqualTo(100);
    assertThat(run.e2eMs().max()).isEqualTo(200);
  }

  @Test
  void phasesAreTheServersAndDecodingIsWhatWasSeen() {
    assertThat(run.phasesMs().keySet())
        .containsExactly("queue", "prefill", "visible_transfer", "decode");
    assertThat(run.phasesMs().get("queue").p50()).isEqualTo(2);
    assertThat(run.phasesMs().get("decode").max()).isEqualTo(101);
  }

  @Test
  void theGeneratorSaysThatItWasLate() {
    assertThat(run.generator().lagMs().max()).isEqualTo(50);
    assertThat(run.generator().keptSchedule()).isFalse();
    assertThat(run.generator().cpuCores()).isEqualTo(0.5);
    assertThat(run.generator().cpuShare()).isEqualTo(0.25);
  }

  @Test
  void theSeriesHasEachRequestWhereItWasDue() {
    assertThat(run.series().binSeconds()).isEqualTo(1);
    assertThat(run.series().arrivals()).containsExactly(1, 1, 1, 1);
    assertThat(run.series().active()).containsExactly(1, 1, 1, 1);
    assertThat(run.series().sloShare()).containsExactly(1.0, 0.0, 0.0, 0.0);
    assertThat(run.series().ttftP50Ms()).containsExactly(100.0, 101.0, 50.0, null);
  }

  @Test
  void theJsonReadsBackAsTheSameReport() {
    ServeReport report = Exchanges.whole(run);

    assertThat(ServeReport.parse(report.json())).isEqualTo(report);
    assertThat(report.json()).contains("\"ttft_ms\":{\"count\":3").doesNotContain("\n");
  }
}
