package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench transfer}, tiny: what it reports and that it ends clean, never how fast. */
class BenchTransferIT {
  @TempDir Path temp;
  @TempDir Path logs;

  private JsonNode report(String... flags) throws Exception {
    ProcessBuilder builder =
        BatonProcess.command(
            Stream.concat(
                    Stream.of(
                        "bench",
                        "transfer",
                        "--json",
                        "--pool",
                        "4m",
                        "--bytes",
                        "8m",
                        "--handoff",
                        "1m",
                        "--rounds",
                        "2",
                        "--hand-overs",
                        "3"),
                    Stream.of(flags))
                .toList());
    builder.environment().putAll(Map.of("TMPDIR", temp.toString()));
    Process bench = builder.redirectError(logs.resolve("stderr").toFile()).start();
    List<String> lines;
    try (BufferedReader out = bench.inputReader()) {
      lines = out.lines().toList();
    }

    assertThat(bench.waitFor()).as(Files.readString(logs.resolve("stderr"))).isZero();
    assertThat(lines).hasSize(1);
    return JsonMapper.builder().build().readTree(lines.getFirst());
  }

  @Test
  void everyCombinationIsMeasuredWithItsRatiosAndTheirSpread() throws Exception {
    JsonNode cells = report("--plane", "4k,8k", "--streams", "1,2").get("cells");
    assertThat(cells.valueStream().map(cell -> cell.get("plane_bytes").asInt()))
        .containsExactly(4096, 4096, 8192, 8192);
    assertThat(cells.valueStream().map(cell -> cell.get("streams").asInt()))
        .containsExactly(1, 2, 1, 2);
    for (JsonNode cell : cells) {
      for (String ratio :
          List.of("grpc_to_socket_tcp", "grpc_to_socket_uds", "shm_to_memcpy", "ring_to_memcpy")) {
        double median = cell.path(ratio).asDouble();
        assertThat(median)
            .as(ratio)
            .isBetween(
                cell.path(ratio + "_least").asDouble(), cell.path(ratio + "_most").asDouble());
        assertThat(median).as(ratio).isPositive();
      }
    }
  }

  @Test
  void everyCaseIsMeasuredAfterItsBytesWereComparedAndNothingStays() throws Exception {
    JsonNode report = report("--plane", "4k", "--streams", "2");
    for (String measure :
        List.of(
            "grpc_tcp_gbps",
            "socket_tcp_gbps",
            "grpc_to_socket_tcp",
            "grpc_uds_gbps",
            "socket_uds_gbps",
            "grpc_to_socket_uds",
            "memcpy_gbps",
            "cpu_s_per_gb_send",
            "cpu_s_per_gb_receive",
            "shm_gbps",
            "shm_to_memcpy",
            "ring_gbps",
            "ring_to_memcpy",
            "ring_handover_256k_p50_us",
            "ring_handover_256k_p99_us",
            "whole_handoff_256k_p50_us",
            "whole_handoff_256k_p99_us",
            "shm_handover_256k_p50_us",
            "handover_256k_p50_us",
            "handover_256k_p99_us",
            "control_idle_p50_us",
            "control_idle_p99_us",
            "control_busy_p50_us",
            "control_busy_p99_us")) {
      assertThat(report.path(measure).isNumber()).as(measure).isTrue();
    }
    assertThat(report.get("handover_256k_p50_us"))
        .as("a hand-over, where there is shared memory")
        .isEqualTo(report.get("ring_handover_256k_p50_us"));
    assertThat(report.get("plane_bytes").asInt()).isEqualTo(4096);
    try (Stream<Path> files = Files.list(temp)) {
      assertThat(files.filter(file -> !file.getFileName().toString().startsWith("hsperfdata")))
          .isEmpty();
    }
  }
}
