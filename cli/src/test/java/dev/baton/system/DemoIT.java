package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The README's first command, as a user runs it. */
class DemoIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** What a script starts in its background ignores SIGINT, and so does all that this starts. */
  private static final List<String> HEARING_CTRL_C =
      System.getProperty("os.name").equals("Linux")
          ? List.of("env", "--default-signal=INT")
          : List.of();

  @TempDir Path home;
  @TempDir Path temp;

  private Process demo(String... arguments) throws IOException {
    ProcessBuilder builder =
        BatonProcess.command(Stream.concat(Stream.of("demo"), Stream.of(arguments)).toList());
    builder.command().addAll(0, HEARING_CTRL_C);
    builder.environment().putAll(Map.of("BATON_HOME", home.toString(), "TMPDIR", temp.toString()));
    return builder.redirectError(home.resolve("stderr").toFile()).start();
  }

  @Test
  void demoPrintsItsAccountAndLeavesNothing() throws Exception {
    Process demo = demo("--json");
    List<String> lines;
    try (BufferedReader out = demo.inputReader()) {
      lines = out.lines().toList();
    }

    assertThat(demo.waitFor()).as(Files.readString(home.resolve("stderr"))).isZero();
    JsonNode account = JSON.readTree(lines.getLast());
    long prefill = account.at("/prefill_worker/pid").asLong();
    long decode = account.at("/decode_worker/pid").asLong();
    assertThat(prefill).isPositive().isNotEqualTo(decode);
    assertThat(account.at("/prefill_worker/id").asString()).isNotEmpty();
    assertThat(account.at("/decode_worker/id").asString()).isNotEmpty();
    assertThat(account.get("blocks_moved").asInt()).isPositive();
    assertThat(account.get("bytes_moved").asLong()).isPositive();
    assertThat(account.get("visible_transfer_ms").asDouble()).isPositive();
    assertThat(account.get("ttft_ms").asDouble()).isPositive();
    assertThat(account.get("tpot_ms").asDouble()).isPositive();
    assertThat(account.get("second_turn_cached_tokens").asInt()).isPositive();
    assertThat(ProcessHandle.of(prefill)).isEmpty();
    assertThat(ProcessHandle.of(decode)).isEmpty();
    assertThat(leftovers()).isEmpty();
  }

  @Test
  void killedDemoTakesItsChildrenAlong() throws Exception {
    Process demo = demo();
    Awaitility.await("the cluster's processes")
        .atMost(Duration.ofSeconds(60))
        .until(() -> demo.descendants().count() >= 4 || !demo.isAlive());
    List<ProcessHandle> children = demo.descendants().toList();
    assertThat(children).hasSizeGreaterThanOrEqualTo(4);

    demo.destroyForcibly().waitFor(10, TimeUnit.SECONDS);

    Awaitility.await("children end with their parent")
        .atMost(Duration.ofSeconds(30))
        .until(() -> children.stream().noneMatch(ProcessHandle::isAlive));
  }

  @Test
  void interruptedDemoLeavesNothing() throws Exception {
    Process demo = demo();
    Awaitility.await("the cluster's processes")
        .atMost(Duration.ofSeconds(60))
        .until(() -> demo.descendants().count() >= 4 || !demo.isAlive());
    List<ProcessHandle> children = demo.descendants().toList();

    new ProcessBuilder("kill", "-INT", Long.toString(demo.pid())).start().waitFor();

    assertThat(demo.waitFor(120, TimeUnit.SECONDS)).isTrue();
    assertThat(demo.exitValue()).as("exit code of a command that Ctrl-C ended").isEqualTo(130);
    assertThat(children).hasSizeGreaterThanOrEqualTo(4).noneMatch(ProcessHandle::isAlive);
    assertThat(leftovers()).isEmpty();
  }

  private List<Path> leftovers() throws IOException {
    try (Stream<Path> files = Files.list(temp)) {
      return files.filter(file -> !file.getFileName().toString().startsWith("hsperfdata")).toList();
    }
  }
}
