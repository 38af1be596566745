package dev.baton.cli.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.baton.cluster.config.ConfigException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clusters as files. */
class ClusterFileTest {
  private static final Path EXAMPLE = Path.of("..", "examples", "h100-a100.yaml");

  @TempDir private Path directory;

  @Test
  void theExampleIsFourWorkersOfEachRole() {
    List<WorkerPlan> workers = ClusterFile.read(EXAMPLE).workers();

    assertThat(workers)
        .extracting(WorkerPlan::id)
        .containsExactly(
            "prefill-h100-1",
            "prefill-h100-2",
            "prefill-h100-3",
            "prefill-h100-4",
            "decode-a100-1",
            "decode-a100-2",
            "decode-a100-3",
            "decode-a100-4");
    assertThat(workers.getFirst().arguments())
        .containsSequence("--pool", "h100")
        .containsSequence("--hardware", "H100", "--chips", "8")
        .containsSequence("--engine", "emulated", "--spec", "llama-3.1-70b")
        .containsSequence("--time-scale", "0.1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "role: prefill | role: prefil | pools[0].role is 'prefil', expected prefill, decode or mixed",
        "count: 4 | count: 0 | pools[0].count is 0, expected an integer from 1 to 256",
        "name: a100 | name: h100 | pools[1].name is h100 once more",
        "chips: 8 | chips: 1 | pools[0].hardware is not enough: chips: 1 of H100 hold 80 GB",
        "spec: llama-3.1-70b | spec: llama | pools[0].spec is 'llama', expected one of llama-2-7b",
        "hardware: H100 | hardware: H101 | H101: is neither a hardware profile nor a file",
        "kv_memory: 128m | kv_memory: 128x | pools[0].kv_memory is '128x', expected a size",
        "kv_fraction: 0.004 | kv_fraction: 4 | pools[0].kv_fraction is 4, expected a number above 0",
        "chunk_tokens: 2048 | max_batch: 64 | pools[0].max_batch is unknown",
        "time_scale: 0.1 | time_scale: 0 | time_scale is 0, expected a number above 0",
        "time_scale: 0.1 | router: {placement: best} | router.placement is wrong: Invalid value",
        "time_scale: 0.1 | router: {slo_ttft: soon} | router.slo_ttft is wrong: Invalid value",
        "time_scale: 0.1 | router: {slo: 1s} | router.slo is unknown"
      })
  void aFaultNamesItsPath(String right, String wrong, String message) throws IOException {
    String text = Files.readString(EXAMPLE);
    String changed = text.replaceFirst(right, wrong);
    assertThat(changed).isNotEqualTo(text);
    Path file = Files.writeString(directory.resolve("cluster.yaml"), changed);

    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> ClusterFile.read(file))
        .withMessageContaining(message);
  }

  @Test
  void mixedWorkersOfferBothRolesAndTheRouterIsTold() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("cluster.yaml"),
            """
            router: {placement: round-robin, slo_ttft: 2s}
            pools: [{name: p, role: mixed, count: 2, chunk_tokens: 512, max_batch: 8}]
            """);

    ClusterFile read = ClusterFile.read(file);
    assertThat(read.routerArguments())
        .containsExactly("--placement", "round-robin", "--slo-ttft", "2s");
    assertThat(read.workers()).extracting(WorkerPlan::id).containsExactly("mixed-p-1", "mixed-p-2");
    assertThat(read.workers().getFirst().arguments())
        .containsSequence("--chunk-tokens", "512", "--max-batch", "8");
  }

  @Test
  void bothRolesAreNeeded() throws IOException {
    Path file =
        Files.writeString(
            directory.resolve("cluster.yaml"), "pools: [{name: p, role: prefill, count: 1}]");

    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> ClusterFile.read(file))
        .withMessageContaining("pools is without a pool of role decode");
  }
}
