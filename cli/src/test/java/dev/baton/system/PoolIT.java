package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** What {@code baton pool} says, a router does. */
class PoolIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static String prefillWorker(SystemCluster cluster) {
    var response = cluster.post("/v1/completions", "{\"prompt\":\"hello\",\"max_tokens\":3}");
    return JSON.readTree(response.body()).at("/baton/prefill_worker").asString("");
  }

  private static void pool(SystemCluster cluster, String... line) throws Exception {
    String zookeeper = cluster.zookeeper().ready().get("zookeeper").asString();
    OneShot done =
        OneShot.of(
            Stream.of(Stream.of("pool"), Stream.of(line), Stream.of("--zookeeper", zookeeper))
                .flatMap(words -> words)
                .toArray(String[]::new));
    assertThat(done.code()).as(done.err()).isZero();
  }

  @Test
  void routerFollowsTheRulesAboutPools() throws Exception {
    try (SystemCluster cluster = SystemCluster.startTiny(List.of(), List.of(), List.of())) {
      cluster.launchPrefill("p-2", List.of("--pool", "other"));

      pool(cluster, "serve", cluster.model(), "--prefill", "other");
      awaitPrefillBy(cluster, "p-2");

      pool(cluster, "serve", cluster.model(), "--prefill", "default");
      awaitPrefillBy(cluster, "p-1");

      pool(cluster, "recover", "default", "--order", "local");
      cluster.prefill().kill();
      var response = cluster.post("/v1/completions", "{\"prompt\":\"hello\",\"max_tokens\":3}");
      assertThat(JSON.readTree(response.body()).at("/baton/local_prefill").asBoolean())
          .as("the decode worker reads what its prefill worker did not: " + response.body())
          .isTrue();
    }
  }

  private static void awaitPrefillBy(SystemCluster cluster, String worker) {
    Awaitility.await(worker + " reads the prompts")
        .atMost(Duration.ofSeconds(20))
        .until(() -> prefillWorker(cluster).equals(worker));
    assertThat(List.of(prefillWorker(cluster), prefillWorker(cluster))).containsOnly(worker);
  }
}
