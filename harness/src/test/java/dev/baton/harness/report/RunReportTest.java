package dev.baton.harness.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.harness.load.FleetFacts;
import java.util.Map;
import java.util.OptionalDouble;
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

  /** Observed from sending, less a millisecond of admission: 99, 50, 49 ms; predicted 99. */
  @Test
  void predictionsAreComparedWithWhatWasSeenAfterTheRoutersQueue() {
    PredictionError ttft = run.prediction().get("ttft");
    assertThat(ttft.errorPercent().count()).isEqualTo(3);
    assertThat(ttft.errorPercent().p50()).isEqualTo(98);
    assertThat(ttft.errorPercent().max()).isCloseTo(100.0 * 50 / 49, within(0.001));
    assertThat(ttft.observedOverPredictedP50()).isCloseTo(50.0 / 99, within(0.001));
    // 50, 24.5, 50.5 ms; predicted 25.
    assertThat(run.prediction().get("tpot").errorPercent().p50()).isEqualTo(50);
  }

  /** 30 J in all; three requests of 4.5 J with three tokens each. */
  @Test
  void energyIsThatOfAllWorkersAndThatOfTheRequestsSteps() {
    assertThat(run.energy().joules()).isEqualTo(30);
    assertThat(run.energy().joulesPerRequest()).isEqualTo(10);
    assertThat(run.energy().joulesPerOutputToken()).isCloseTo(30 / 9.0, within(1e-5));
    assertThat(run.energy().requestJoules().p50()).isEqualTo(4.5);
    assertThat(run.energy().prefillJoules()).isEqualTo(9);
    assertThat(run.energy().decodeJoules()).isEqualTo(4.5);
  }

  /** 36 dollars an hour for four seconds are four cents. */
  @Test
  void costIsThePriceOfAllWorkersTimesTheRunsLength() {
    assertThat(run.cost().dollars()).isCloseTo(0.04, within(1e-9));
    assertThat(run.cost().dollarsPerRequest()).isCloseTo(0.0133333, within(1e-9));
    assertThat(run.cost().dollarsPerMillionOutputTokens()).isCloseTo(4444.44, within(1e-9));
  }

  @Test
  void whatTheServerDoesNotSayIsAbsent() {
    RunReport other =
        Exchanges.report(
            FleetFacts.UNKNOWN, FleetFacts.UNKNOWN, Exchanges.failed(0, "http_429:overloaded"));
    assertThat(other.energy()).isNull();
    assertThat(other.cost()).isNull();
    assertThat(other.prediction()).isEmpty();
    assertThat(Exchanges.whole(other).json()).doesNotContain("joules", "dollars");
  }

  @Test
  void aFleetThatLostAWorkerMeanwhileHasNoSumOfJoules() {
    RunReport shrunk =
        Exchanges.report(
            new FleetFacts(OptionalDouble.empty(), OptionalDouble.of(100)),
            new FleetFacts(OptionalDouble.empty(), OptionalDouble.of(50)),
            Exchanges.answered(0, 0, 100, 200));
    assertThat(shrunk.energy().joules()).isNull();
    assertThat(shrunk.energy().prefillJoules()).isEqualTo(3);
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
