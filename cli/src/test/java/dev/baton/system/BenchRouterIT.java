package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench router}, tiny: what it reports and that it ends clean, never how fast. */
class BenchRouterIT {
  @TempDir private Path directory;

  @Test
  void everyTokenThatTheStubWorkersSendComesOutOfBothDoors() throws Exception {
    Path err = directory.resolve("stderr");
    Process bench =
        BatonProcess.command(
                List.of(
                    "bench",
                    "router",
                    "--json",
                    "--streams",
                    "3",
                    "--tokens-per-message",
                    "1,4",
                    "--flood-messages",
                    "3000",
                    "--paced-seconds",
                    "1",
                    "--requests",
                    "20"))
            .redirectError(err.toFile())
            .start();
    List<String> lines;
    try (BufferedReader out = bench.inputReader()) {
      lines = out.lines().toList();
    }

    assertThat(bench.waitFor()).as(Files.readString(err)).isZero();
    JsonNode report = JsonMapper.builder().build().readTree(lines.getLast());
    for (String key :
        List.of(
            "ttft_us_direct_p50",
            "ttft_us_grpc_p99",
            "ttft_added_us_sse_p50",
            "token_us_direct_p99",
            "token_added_us_grpc_p50")) {
      assertThat(report.path(key).isNumber()).as(key).isTrue();
    }
    assertThat(report.get("relays").valueStream())
        .extracting(relay ->
            relay.get("api").asString()
                + " "
                + relay.get("mode").asString()
                + " "
                + relay.get("tokens").asLong())
        .containsExactly(
            "grpc flood 2997",
            "grpc flood 11997",
            "grpc paced 147",
            "sse flood 2997",
            "sse flood 11997",
            "sse paced 147");
  }
}
