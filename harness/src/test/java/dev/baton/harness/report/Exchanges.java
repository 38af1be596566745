package dev.baton.harness.report;

import dev.baton.harness.load.Exchange;
import dev.baton.harness.load.FleetFacts;
import dev.baton.harness.load.LoadGenerator;
import dev.baton.harness.load.RequestFailure;
import dev.baton.harness.load.ServerAccount;
import dev.baton.harness.workload.Arrivals;
import dev.baton.harness.workload.Lengths;
import dev.baton.harness.workload.PlannedRequest;
import dev.baton.harness.workload.PromptShape;
import dev.baton.harness.workload.Workload;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Hand-made runs. */
final class Exchanges {
  private static final long MILLI = 1_000_000;
  private static final PlannedRequest PLANNED =
      new PlannedRequest(0, 0, new PromptShape(List.of(1L), 512, 100), 3);

  private Exchanges() {}

  /** Answered, with three tokens: due, sent, first and end in milliseconds. */
  static Exchange answered(long due, long sent, long first, long end) {
    long gap = (end - first) * MILLI / 2;
    return new Exchange(
        PLANNED,
        due * MILLI,
        sent * MILLI,
        OptionalLong.of(first * MILLI),
        end * MILLI,
        3,
        3,
        new long[] {gap, gap},
        Optional.of(
            new ServerAccount(
                OptionalInt.of(110),
                OptionalInt.of(55),
                OptionalInt.of(3),
                Map.of(
                    "queue_ms", 2.0,
                    "admission_ms", 1.0,
                    "prefill_ms", 8.0,
                    "visible_transfer_ms", 1.0,
                    "predicted_ttft_ms", 99.0,
                    "predicted_tpot_ms", 25.0,
                    "prefill_joules", 3.0,
                    "decode_joules", 1.5))),
        Optional.empty());
  }

  static Exchange failed(long due, String type) {
    return new Exchange(
        PLANNED,
        due * MILLI,
        due * MILLI,
        OptionalLong.empty(),
        (due + 1) * MILLI,
        0,
        0,
        new long[0],
        Optional.empty(),
        Optional.of(new RequestFailure(type, "because <b>")));
  }

  /** Of a run that took so many milliseconds. */
  static RunReport report(long millis, Slo slo, Exchange... exchanges) {
    return report(
        millis,
        slo,
        new FleetFacts(OptionalDouble.of(36), OptionalDouble.of(100)),
        new FleetFacts(OptionalDouble.of(36), OptionalDouble.of(130)),
        exchanges);
  }

  /** Of a run of a second, with what the server said of its workers before and after. */
  static RunReport report(FleetFacts before, FleetFacts after, Exchange... exchanges) {
    return report(1000, slo(), before, after, exchanges);
  }

  private static RunReport report(
      long millis, Slo slo, FleetFacts before, FleetFacts after, Exchange... exchanges) {
    Workload workload =
        Workload.plan(
            new Arrivals.Steady(1),
            new Lengths.Fixed(100, 3),
            exchanges.length,
            Duration.ofDays(1));
    return RunReport.of(
        "run <1>",
        workload,
        1.0,
        new LoadGenerator.Run(List.of(exchanges), millis * MILLI, millis * MILLI / 2),
        Optional.of(slo),
        2,
        before,
        after);
  }

  static Slo slo() {
    return Slo.of(Map.of(Slo.Of.TTFT, Duration.ofMillis(100), Slo.Of.TPOT, Duration.ofMillis(50)));
  }

  static ServeReport whole(RunReport... runs) {
    return new ServeReport(
        ServeReport.TOOL,
        ServeReport.VERSION,
        "2026-11-25T00:00:00Z",
        "test",
        "openai",
        "127.0.0.1:1",
        "model",
        "chat",
        "test",
        "events",
        true,
        1,
        List.of(runs));
  }
}
