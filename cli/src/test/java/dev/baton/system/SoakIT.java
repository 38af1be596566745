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

/** {@code baton soak}, for seconds. */
class SoakIT {
  @TempDir Path home;
  @TempDir Path temp;

  @Test
  void shortSoakFindsNothingAndLeavesNothing() throws Exception {
    ProcessBuilder builder =
        BatonProcess.command(
            List.of(
                "soak",
                "--duration",
                "6s",
                "--round",
                "2s",
                "--rate",
                "8",
                "--seed",
                "3",
                "--json"));
    builder.environment().putAll(Map.of("BATON_HOME", home.toString(), "TMPDIR", temp.toString()));
    Process soak = builder.redirectError(home.resolve("stderr").toFile()).start();
    List<String> lines;
    try (BufferedReader out = soak.inputReader()) {
      lines = out.lines().toList();
    }

    assertThat(soak.waitFor())
        .as("%s %s", lines, Files.readString(home.resolve("stderr")))
        .isZero();
    assertThat(lines).hasSize(1);
    JsonNode report = JsonMapper.builder().build().readTree(lines.getFirst());
    assertThat(report.get("violations").asInt()).isZero();
    assertThat(report.get("rounds").asInt()).isPositive();
    assertThat(report.get("answers").asInt()).isPositive();
    assertThat(report.get("references_checked").asInt()).isPositive();
    assertThat(report.get("processes"))
        .hasSize(4)
        .allSatisfy(process -> {
          assertThat(process.get("rss_mib_last").asDouble()).isPositive();
          assertThat(process.get("files_last").asInt()).isPositive();
          assertThat(ProcessHandle.of(process.get("pid").asLong())).isEmpty();
        });
    try (Stream<Path> files = Files.list(temp)) {
      assertThat(files.filter(file -> !file.getFileName().toString().startsWith("hsperfdata")))
          .isEmpty();
    }
  }
}
