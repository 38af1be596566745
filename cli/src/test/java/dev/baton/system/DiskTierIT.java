package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A prefill worker that was killed leaves its cache to its successor. */
class DiskTierIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @TempDir Path disk;

  @Test
  void successorOfAKilledWorkerAnswersFromItsDiskWithTheSameTokens() throws Exception {
    List<String> flags = List.of("--disk-tier", disk.toString(), "--disk-tier-bytes", "64m");
    try (SystemCluster cluster =
        SystemCluster.start(
            SystemCluster.SMALL,
            join(flags, List.of("--session-timeout", "4s")),
            List.of(),
            List.of())) {
      HttpResponse<String> first = cluster.post("/v1/completions", body());
      assertThat(first.statusCode()).as(first.body()).isEqualTo(200);
      JsonNode before = JSON.readTree(first.body());
      assertThat(cached(before)).isZero();
      Awaitility.await("every full block is on disk")
          .atMost(Duration.ofSeconds(30))
          .until(() ->
              SystemCluster.metric(cluster.prefill(), "baton_disk_tier_blocks")
                  == before.at("/usage/prompt_tokens").asInt() / 16);

      cluster.prefill().kill();
      try (BatonProcess successor =
          BatonProcess.startQuick(
              disk,
              "successor",
              join(
                  List.of(
                      "worker",
                      "prefill",
                      "--id",
                      "p-2",
                      "--threads",
                      "1",
                      "--model",
                      cluster.modelDirectory().toString(),
                      "--zookeeper",
                      cluster.zookeeper().ready().get("zookeeper").asString()),
                  flags))) {
        successor.ready();
        // Until the dead worker's session is over, requests may still be placed there and fail.
        HttpResponse<String> answered =
            Awaitility.await("an answer by the successor")
                .atMost(Duration.ofSeconds(60))
                .until(
                    () -> cluster.post("/v1/completions", body()),
                    response -> response.statusCode() == 200);
        JsonNode after = JSON.readTree(answered.body());

        assertThat(after.at("/baton/prefill_worker").asString()).isEqualTo("p-2");
        assertThat(after.at("/choices/0/text")).isEqualTo(before.at("/choices/0/text"));
        assertThat(cached(after)).isGreaterThanOrEqualTo(16 * 10).isEqualTo(restorable(after));
        assertThat(SystemCluster.metric(successor, "baton_disk_tier_hits_total"))
            .isEqualTo(cached(after) / 16.0);
        Awaitility.await().until(() -> SystemCluster.blocksUsed(successor) == 0);
      }
    }
  }

  private static List<String> join(List<String> some, List<String> more) {
    return Stream.concat(some.stream(), more.stream()).toList();
  }

  /** All full blocks short of the one with the last token. */
  private static int restorable(JsonNode answer) {
    return (answer.at("/usage/prompt_tokens").asInt() - 1) / 16 * 16;
  }

  private static int cached(JsonNode answer) {
    return answer.at("/usage/prompt_tokens_details/cached_tokens").asInt();
  }

  private static String prompt() {
    return IntStream.range(0, 200).mapToObj(i -> "word" + i % 17).collect(Collectors.joining(" "));
  }

  private static String body() {
    return "{\"prompt\":\"%s\",\"max_tokens\":24,\"temperature\":0.8,\"seed\":5}"
        .formatted(prompt());
  }
}
