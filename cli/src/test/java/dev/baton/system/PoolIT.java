package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton pool serve} decides which workers a router uses. */
class PoolIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private static String prefillWorker(SystemCluster cluster) {
    var response = cluster.post("/v1/completions", "{\"prompt\":\"hello\",\"max_tokens\":3}");
    return JSON.readTree(response.body()).at("/baton/prefill_worker").asString("");
  }

  private static void serve(SystemCluster cluster, String... flags) throws Exception {
    String zookeeper = cluster.zookeeper().ready().get("zookeeper").asString();
    List<String> line =
        List.of("pool", "serve", cluster.model(), "--zookeeper", zookeeper, flags[0], flags[1]);
    OneShot done = OneShot.of(line.toArray(String[]::new));
    assertThat(done.code()).as(done.err()).isZero();
  }

  @Test
  void routerUsesThePoolsThatTheRuleNames() throws Exception {
    try (SystemCluster cluster =
        SystemCluster.start(SystemCluster.SMALL, List.of(), List.of(), List.of())) {
      cluster.launchPrefill("p-2", List.of("--pool", "other"));

      serve(cluster, "--prefill", "other");
      awaitPrefillBy(cluster, "p-2");

      serve(cluster, "--prefill", "default");
      awaitPrefillBy(cluster, "p-1");
    }
  }

  private static void awaitPrefillBy(SystemCluster cluster, String worker) {
    Awaitility.await(worker + " reads the prompts")
        .atMost(Duration.ofSeconds(20))
        .until(() -> prefillWorker(cluster).equals(worker));
    assertThat(List.of(prefillWorker(cluster), prefillWorker(cluster))).containsOnly(worker);
  }
}
