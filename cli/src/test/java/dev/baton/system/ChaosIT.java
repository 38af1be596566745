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

/** {@code baton chaos}, small and fixed. */
class ChaosIT {
  /** Faults that every stream outlives. */
  private static final String KINDS =
      "kill-decode,restart-prefill,freeze-decode,kv-bit-flips,control-reset,zookeeper-empty";

  private static final int FAULTS = 5;

  private static final int REQUESTS = 30;

  @TempDir Path home;
  @TempDir Path temp;

  @Test
  void streamsUnderFaultsAreTheUndisturbedOnesAndNothingIsLeft() throws Exception {
    ProcessBuilder builder =
        BatonProcess.command(
            List.of(
                "chaos",
                "--requests",
                Integer.toString(REQUESTS),
                "--faults",
                Integer.toString(FAULTS),
                "--seed",
                "1",
                "--decode",
                "2",
                "--session-timeout",
                "2s",
                "--kinds",
                KINDS,
                "--json"));
    builder.environment().putAll(Map.of("BATON_HOME", home.toString(), "TMPDIR", temp.toString()));
    Process chaos = builder.redirectError(home.resolve("stderr").toFile()).start();
    List<String> lines;
    try (BufferedReader out = chaos.inputReader()) {
      lines = out.lines().toList();
    }

    assertThat(chaos.waitFor())
        .as("%s %s", lines, Files.readString(home.resolve("stderr")))
        .isZero();
    assertThat(lines).hasSize(1);
    JsonNode report = JsonMapper.builder().build().readTree(lines.getFirst());
    assertThat(report.get("requests").asInt()).isEqualTo(REQUESTS);
    assertThat(report.get("faults").asInt()).isEqualTo(FAULTS);
    assertThat(report.get("completed").asInt()).isGreaterThan(20);
    for (String zero :
        List.of(
            "lost", "hung", "duplicated", "divergent", "failed_unexpectedly", "leaked_blocks")) {
      assertThat(report.get(zero).asInt()).as(zero).isZero();
    }
    assertThat(report.get("kv_frames_proxied").asInt()).isPositive();
    assertThat(report.get("recovery_p99_ms").asDouble()).isPositive();
    try (Stream<Path> files = Files.list(temp)) {
      assertThat(files.filter(file -> !file.getFileName().toString().startsWith("hsperfdata")))
          .isEmpty();
    }
  }

  @Test
  void kindThatDoesNotExistIsAWrongFlagThatNamesThoseThatDo() throws Exception {
    Process chaos =
        BatonProcess.command(List.of("chaos", "--kinds", "meteor"))
            .redirectErrorStream(true)
            .start();
    String said;
    try (BufferedReader out = chaos.inputReader()) {
      said = String.join("\n", out.lines().toList());
    }

    assertThat(chaos.waitFor()).isEqualTo(2);
    assertThat(said).contains("meteor").contains("freeze-decode");
  }
}
