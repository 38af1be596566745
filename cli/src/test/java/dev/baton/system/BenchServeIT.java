package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton bench serve} against a real cluster: that the counts add up, never how fast. */
class BenchServeIT {
  @TempDir private Path directory;

  private JsonNode bench(int code, String... arguments) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("bench", "serve", "--json"));
    all.addAll(List.of(arguments));
    Path err = directory.resolve("stderr");
    Process bench = BatonProcess.command(all).redirectError(err.toFile()).start();
    List<String> lines;
    try (BufferedReader out = bench.inputReader()) {
      lines = out.lines().toList();
    }
    assertThat(bench.waitFor()).as(Files.readString(err)).isEqualTo(code);
    return JsonMapper.builder().build().readTree(lines.getLast());
  }

  private static void addsUp(JsonNode run, int requests, int outputTokens) {
    assertThat(run.get("sent").asInt()).isEqualTo(requests);
    assertThat(run.get("completed").asInt()).isEqualTo(requests);
    assertThat(run.get("failed").asInt()).isZero();
    assertThat(run.get("tokens").get("output").asLong()).isEqualTo((long) requests * outputTokens);
    for (String measure : List.of("ttft_ms", "ttft_from_send_ms", "e2e_ms")) {
      assertThat(run.get(measure).get("count").asInt()).as(measure).isEqualTo(requests);
      assertThat(run.get(measure).get("p50").asDouble()).as(measure).isPositive();
    }
    assertThat(run.get("series").get("arrivals").valueStream().mapToInt(JsonNode::asInt).sum())
        .isEqualTo(requests);
    for (String time : List.of("ttft", "tpot")) {
      assertThat(run.get("prediction").get(time).get("error_percent").get("count").asInt())
          .as("predicted %s", time)
          .isEqualTo(requests);
    }
    assertThat(run.get("phases_ms").propertyNames())
        .containsExactlyInAnyOrder("queue", "prefill", "visible_transfer", "decode");
  }

  @Test
  void openLoopOverHttpCountsEveryTokenAndWritesAPageThatNeedsNoNetwork() throws Exception {
    SystemCluster cluster = SystemCluster.shared();
    Path page = directory.resolve("report.html");
    JsonNode report =
        bench(
            0,
            "--endpoint",
            "127.0.0.1:" + cluster.httpPort(),
            "--rates",
            "20,40",
            "--requests",
            "20",
            "--prompt-tokens",
            "80",
            "--output-tokens",
            "8",
            "--slo",
            "ttft=10s,tpot=1s",
            "--out",
            page.toString());

    assertThat(report.get("api").asString()).isEqualTo("openai");
    assertThat(report.get("model").asString()).isEqualTo(cluster.model());
    assertThat(report.get("runs").size()).isEqualTo(2);
    for (JsonNode run : report.get("runs")) {
      addsUp(run, 20, 8);
      assertThat(run.get("goodput").get("met").asInt()).isEqualTo(20);
      // Its texts are new, so the cache has nothing of them but a template.
      assertThat(run.get("tokens").get("cached_share").asDouble()).isLessThan(0.5);
      double planned = run.get("tokens").get("prompt_planned").asDouble();
      assertThat(run.get("tokens").get("prompt").asDouble() / planned).isBetween(0.8, 1.2);
    }
    assertThat(Files.readString(page)).contains("<svg").doesNotContain("http://", "<script");
  }

  @Test
  void closedLoopOverGrpcReplaysATraceWhoseEqualIdsAreCached() throws Exception {
    SystemCluster cluster = SystemCluster.shared();
    Path trace = directory.resolve("trace.jsonl");
    String row =
        "{\"timestamp\":0,\"input_length\":1024,\"output_length\":50,\"hash_ids\":[%d,%d]}";
    Files.write(trace, List.of(row.formatted(1, 2), row.formatted(1, 3), row.formatted(1, 4)));
    JsonNode report =
        bench(
            0,
            "--api",
            "grpc",
            "--kind",
            "completion",
            "--endpoint",
            "127.0.0.1:" + cluster.grpcPort(),
            "--trace",
            trace.toString(),
            "--length-scale",
            "0.25",
            "--concurrency",
            "1",
            "--tokenizer",
            cluster.modelDirectory().toString());

    JsonNode run = report.get("runs").get(0);
    // 50 x 0.25 rounds to 13; half of each prompt but the first's is a block that was seen before.
    addsUp(run, 3, 13);
    assertThat(run.get("itl_ms").get("count").asInt()).isLessThanOrEqualTo(3 * 12);
    assertThat(run.get("tokens").get("cached_share").asDouble()).isBetween(0.2, 0.4);
  }

  @Test
  void aServerThatFailsEverythingIsExitCodeOneAndItsErrorsAreNamed() throws Exception {
    SystemCluster cluster = SystemCluster.shared();
    JsonNode report =
        bench(
            1,
            "--endpoint",
            "127.0.0.1:" + cluster.httpPort(),
            "--rate",
            "50",
            "--requests",
            "3",
            "--prompt-tokens",
            "5000",
            "--tokenizer",
            cluster.modelDirectory().toString());

    JsonNode run = report.get("runs").get(0);
    assertThat(run.get("failed").asInt()).isEqualTo(3);
    assertThat(run.get("errors").get("http_400:context_length_exceeded").asInt()).isEqualTo(3);
    assertThat(run.has("ttft_ms")).isFalse();
  }
}
