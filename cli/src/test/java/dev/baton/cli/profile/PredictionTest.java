package dev.baton.cli.profile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.PhaseModel;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** What {@code baton profile predict} says. */
class PredictionTest {
  @Test
  void endToEndIsTheSumOfWhatIsPrinted() {
    Map<String, Object> fields =
        predict("H100", "--prompt", "2048", "--output", "256", "--batch", "16");

    double ttft = number(fields, "prefill_seconds") + number(fields, "transfer_visible_seconds");
    assertThat(number(fields, "ttft_seconds")).isCloseTo(ttft, within(1e-12));
    assertThat(number(fields, "end_to_end_seconds"))
        .isCloseTo(ttft + 255 * number(fields, "decode_step_seconds"), within(1e-9));
    assertThat(fields).containsEntry("kv_bytes", 2048L * 327_680);
  }

  @Test
  void aQueueThatCannotKeepUpHasNoTimeToFirstToken() {
    Map<String, Object> fields = predict("H100", "--prompt", "8192", "--rate", "100");

    assertThat(fields).containsEntry("prefill_queue_seconds", "unbounded");
    assertThat(fields).doesNotContainKey("ttft_seconds");
  }

  @Test
  void whatNobodyPublishesIsLeftOut() {
    assertThat(predict("TPU-v5e")).doesNotContainKeys("prefill_joules", "decode_dollars");
    assertThat(predict("H100")).containsKeys("prefill_joules", "decode_dollars");
  }

  private static Map<String, Object> predict(String hardware, String... flags) {
    Workload workload = new Workload();
    new CommandLine(workload).parseArgs(flags);
    PhaseModel phases =
        new PhaseModel(
            HardwareCatalog.load().find(hardware), 16, ModelSpecs.published("llama-3.1-70b"));
    return Prediction.of(phases, phases, workload).fields();
  }

  private static double number(Map<String, Object> fields, String name) {
    return ((Number) fields.get(name)).doubleValue();
  }
}
