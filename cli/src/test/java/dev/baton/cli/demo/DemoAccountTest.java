package dev.baton.cli.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cli.local.ClusterEndpoints;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Failure;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DemoAccountTest {
  private static ClusterEndpoints cluster(long prefillPid, long decodePid) {
    ReadyLine router =
        new ReadyLine("router", "r", 1, Map.of("http", "127.0.0.1:1", "grpc", "127.0.0.1:2"));
    return new ClusterEndpoints(
        Path.of("/models/tiny"),
        new ReadyLine("zookeeper", "zookeeper", 2, Map.of("zookeeper", "127.0.0.1:3")),
        router,
        List.of(
            new ReadyLine("prefill", "p", prefillPid, Map.of("admin", "http://127.0.0.1:4")),
            new ReadyLine("decode", "d", decodePid, Map.of("admin", "http://127.0.0.1:5"))),
        Path.of("/tmp/run"));
  }

  private static Turn turn(int cached, int moved) {
    return new Turn(
        "x", 40, cached, 5, "p", "d", moved, 1, 4096, 4.5, 1.25, 50_000_000, 250_000_000);
  }

  @Test
  void fieldsNameBothProcessesAndWhatMoved() {
    Map<String, Object> fields = DemoAccount.of(cluster(10, 11), turn(0, 3), turn(32, 1)).fields();

    assertThat(fields)
        .containsEntry("prefill_worker", Map.of("id", "p", "pid", 10L))
        .containsEntry("decode_worker", Map.of("id", "d", "pid", 11L))
        .containsEntry("blocks_moved", 3)
        .containsEntry("bytes_moved", 4096L)
        .containsEntry("transfer_ms", 4.5)
        .containsEntry("visible_transfer_ms", 1.25)
        .containsEntry("ttft_ms", 50.0)
        .containsEntry("tpot_ms", 50.0)
        .containsEntry("second_turn_cached_tokens", 32)
        .containsEntry("model", "tiny")
        .containsEntry("random_model", false);
  }

  @Test
  void oneProcessForBothPhasesIsAFailedDemo() {
    assertThatThrownBy(() -> DemoAccount.of(cluster(10, 10), turn(0, 3), turn(32, 1)))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("one process did both");
  }

  @Test
  void nothingMovedIsAFailedDemo() {
    assertThatThrownBy(() -> DemoAccount.of(cluster(10, 11), turn(0, 0), turn(32, 1)))
        .hasMessageContaining("no KV block moved");
  }

  @Test
  void coldSecondTurnIsAFailedDemo() {
    assertThatThrownBy(() -> DemoAccount.of(cluster(10, 11), turn(0, 3), turn(0, 1)))
        .hasMessageContaining("prefix cache");
  }

  @Test
  void workerThatIsNotOursIsAFailedDemo() {
    Turn stray = new Turn("x", 1, 0, 5, "elsewhere", "d", 1, 0, 1, 1, 1, 1, 2);
    assertThatThrownBy(() -> DemoAccount.of(cluster(10, 11), stray, turn(32, 1)))
        .hasMessageContaining("elsewhere");
  }
}
