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

  @Test
  void everyCaseIsMeasuredAfterItsBytesWereComparedAndNothingStays() throws Exception {
    ProcessBuilder builder =
        BatonProcess.command(
            List.of(
                "bench",
                "transfer",
                "--json",
                "--plane",
                "4k",
                "--pool",
                "4m",
                "--bytes",
                "8m",
                "--rounds",
                "2",
                "--streams",
                "2",
                "--hand-overs",
                "3"));
    builder.environment().putAll(Map.of("TMPDIR", temp.toString()));
    Process bench = builder.redirectError(logs.resolve("stderr").toFile()).start();
    List<String> lines;
    try (BufferedReader out = bench.inputReader()) {
      lines = out.lines().toList();
    }

    assertThat(bench.waitFor()).as(Files.readString(logs.resolve("stderr"))).isZero();
    assertThat(lines).hasSize(1);
    JsonNode report = JsonMapper.builder().build().readTree(lines.getFirst());
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
