package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.local.LocalPorts;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A prefill worker fetches what another one computed, and computes it where that one dies. */
class PullIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  @Test
  void prefixIsFetchedFromABusyWorkerAndComputedWhereThatDiesMeanwhile() throws Exception {
    int kvPort = LocalPorts.free();
    try (StallingProxy proxy = StallingProxy.ofReplies(kvPort);
        SystemCluster cluster =
            SystemCluster.start(
                SystemCluster.SLOW,
                List.of(
                    "--kv-port",
                    Integer.toString(kvPort),
                    "--advertised-kv-endpoint",
                    "127.0.0.1:" + proxy.port()),
                List.of(),
                // Of two idle workers the first: joint placement would go by what it saw of each.
                List.of("--placement", "least-loaded"))) {
      proxy.allowAll();
      JsonNode first = answer(cluster.post("/v1/completions", body(1, 800)));
      JsonNode second = answer(cluster.post("/v1/completions", body(2, 800)));
      assertThat(first.at("/baton/pulled_tokens").asInt()).isZero();
      BatonProcess other = cluster.launchPrefill("p-2", List.of());
      awaitTwoPrefillWorkers(cluster);

      CompletableFuture<HttpResponse<String>> busy = keepBusy(cluster, 3);
      JsonNode fetched = answer(cluster.post("/v1/completions", body(1, 800)));
      assertThat(busy).isNotDone();
      assertThat(fetched.at("/baton/prefill_worker").asString()).isEqualTo("p-2");
      assertThat(fetched.at("/choices/0/text")).isEqualTo(first.at("/choices/0/text"));
      assertThat(fetched.at("/baton/pulled_tokens").asInt())
          .isEqualTo(784)
          .isEqualTo(fetched.at("/usage/prompt_tokens_details/cached_tokens").asInt());
      assertThat(answer(busy.join())).isNotNull();

      proxy.allow(200_000);
      CompletableFuture<HttpResponse<String>> lost = keepBusy(cluster, 4);
      CompletableFuture<HttpResponse<String>> computed =
          CompletableFuture.supplyAsync(() -> cluster.post("/v1/completions", body(2, 800)));
      Awaitility.await("a pull is under way and holds")
          .atMost(Duration.ofSeconds(30))
          .until(proxy::holding);
      cluster.prefill().kill();
      proxy.close();

      JsonNode alone = answer(computed.join());
      assertThat(alone.at("/baton/prefill_worker").asString()).isEqualTo("p-2");
      assertThat(alone.at("/choices/0/text")).isEqualTo(second.at("/choices/0/text"));
      assertThat(alone.at("/baton/pulled_tokens").asInt()).isLessThan(784);
      assertThat(answer(lost.join()).at("/baton/prefill_worker").asString())
          .as("who goes on with what the dead worker read")
          .isEqualTo("p-2");
      // On a slow machine the pull's time may be over before the source is dead.
      assertThat(
              SystemCluster.metric(other, "baton_pulls_total", "lost")
                  + SystemCluster.metric(other, "baton_pulls_total", "late"))
          .isEqualTo(1);
      Awaitility.await("nothing is held")
          .atMost(Duration.ofSeconds(30))
          .until(() ->
              SystemCluster.blocksUsed(other) == 0
                  && SystemCluster.metric(other, "baton_pulls_active") == 0
                  && SystemCluster.blocksUsed(cluster.decode()) == 0);
    }
  }

  /** A prompt that only the first worker gets, of two idle ones, and that takes it seconds. */
  private static CompletableFuture<HttpResponse<String>> keepBusy(SystemCluster cluster, int seed) {
    CompletableFuture<HttpResponse<String>> busy =
        CompletableFuture.supplyAsync(() -> cluster.post("/v1/completions", body(seed, 4000)));
    Awaitility.await("the first worker computes")
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> SystemCluster.metric(cluster.prefill(), "baton_running_requests") == 1);
    return busy;
  }

  /** Of two requests at a time one goes to the second worker, once the router has heard of it. */
  private static void awaitTwoPrefillWorkers(SystemCluster cluster) {
    Awaitility.await("the router places on both")
        .atMost(Duration.ofSeconds(60))
        .until(() -> {
          CompletableFuture<HttpResponse<String>> one =
              CompletableFuture.supplyAsync(() -> cluster.post("/v1/completions", body(5, 200)));
          String two = cluster.post("/v1/completions", body(6, 200)).body();
          return (one.join().body() + two).contains("\"p-2\"");
        });
  }

  private static JsonNode answer(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  /** A prompt of this many tokens, which share nothing with those of another seed. */
  private static String body(int seed, int tokens) {
    String prompt =
        IntStream.range(0, tokens)
            .mapToObj(i -> Integer.toString((i * 31 + seed * 17 + 1) % 900))
            .collect(Collectors.joining(","));
    return "{\"prompt\":[%s],\"max_tokens\":12,\"temperature\":0.8,\"seed\":5}".formatted(prompt);
  }
}
