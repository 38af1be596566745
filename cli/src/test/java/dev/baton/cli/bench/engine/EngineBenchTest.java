package dev.baton.cli.bench.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cli.bench.engine.EngineCase.Decode;
import dev.baton.cli.bench.engine.EngineCase.Prefill;
import dev.baton.cli.machine.Crew;
import dev.baton.cli.machine.Rounds;
import dev.baton.cli.shell.Progress;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.engine.packed.WeightStore;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code baton bench engine} reports, not how fast anything is. */
class EngineBenchTest {
  @TempDir private Path directory;

  @Test
  void everyCaseThatFitsIsMeasuredAndTheOthersAreNamedWithTheReason() throws Exception {
    Path model = directory.resolve("tiny");
    RandomModel.write(
        model, new RandomModel.Shape(2, 64, 96, 4, 2, 300, 200, false, WeightDtype.BF16), 1);
    EngineReport report;
    try (Progress progress = Progress.onStderr()) {
      report =
          new EngineBench(
                  new Crew(1, Duration.ofMillis(5)),
                  new Rounds(2, Duration.ofMillis(2), Duration.ofMillis(1)),
                  Duration.ofMillis(1),
                  8 << 20,
                  WeightStore.none(),
                  progress)
              .measure(
                  ModelDirectory.open(model),
                  List.of(new Prefill(32), new Prefill(512)),
                  List.of(new Decode(1, 40), new Decode(3, 40), new Decode(1, 100)));
    }

    Map<String, Object> fields = report.fields();
    assertThat(fields)
        .containsKeys(
            "fma_flops_per_second",
            "memory_read_bytes_per_second",
            "allocated_bytes_per_token",
            "prefill_32_tokens_per_s",
            "prefill_32_of_fma_peak",
            "decode_1_tokens_per_s",
            "decode_1_of_read_bandwidth",
            "decode_1_context_100_tokens_per_s",
            "decode_3_tokens_per_s")
        .doesNotContainKey("prefill_512_tokens_per_s")
        .containsEntry("decode_1_tokens_per_s", fields.get("decode_1_context_40_tokens_per_s"));
    for (String each :
        List.of(
            "prefill_32_tokens_per_s",
            "prefill_32_of_fma_peak",
            "decode_1_tokens_per_s",
            "decode_1_of_read_bandwidth")) {
      List<?> range = (List<?>) fields.get(each + "_range");
      assertThat((Double) fields.get(each))
          .as(each)
          .isBetween((Double) range.get(0), (Double) range.get(1));
    }
    assertThat(report.left()).containsOnlyKeys("prefill_512");
    assertThat(report.left().get("prefill_512")).contains("200", "512");
    assertThat(report.lines()).anyMatch(line -> line.startsWith("decode 3 context 40"));
  }

  @Test
  void aShareIsOfTheLimitThatStandsBesideTheRound() {
    ModelSpec model = new ModelSpec("m", 1, 64, 4, 4, 16, 64, 100, 2, 512);
    Decode step = new Decode(1, 16);
    double bytes = step.bytes(model);
    EngineReport report =
        new EngineReport(
            model,
            1,
            new EngineReport.Range(1, 1),
            new EngineReport.Range(1, 9),
            0,
            OptionalLong.empty(),
            0,
            List.of(
                new EngineReport.Result(
                    step,
                    List.of(
                        new Rounds.Beside(1, 2 * bytes),
                        new Rounds.Beside(0.5, 8 * bytes),
                        new Rounds.Beside(0.25, 16 * bytes)))),
            Map.of());

    Map<String, Object> fields = report.fields();

    assertThat(fields)
        .containsEntry("decode_1_tokens_per_s", 2.0)
        .containsEntry("decode_1_tokens_per_s_range", List.of(1.0, 4.0));
    assertThat((Double) fields.get("decode_1_of_read_bandwidth")).isCloseTo(0.25, within(1e-12));
  }

  /** Qwen2.5-0.5B: 358 M weights in layers, 136 M in the output layer, counted by hand. */
  @Test
  void whatACaseTakesAtLeastIsCountedFromTheModelsNumbers() {
    ModelSpec model = new ModelSpec("m", 24, 896, 14, 2, 64, 4864, 151_936, 2, 24_576);
    double layers = 24.0 * (2 * 896 * 896 + 2 * 896 * 128 + 3 * 896 * 4864);
    double output = 151_936.0 * 896;

    assertThat(new Prefill(512).flops(model))
        .isCloseTo(2 * 512 * layers + 2 * output + 24.0 * 4 * 896 * (512 * 513 / 2), within(1e3));
    assertThat(new Decode(16, 2048).bytes(model))
        .isCloseTo(2 * (layers + output) + 16 * 2048 * 24_576.0, within(1.0));
  }
}
