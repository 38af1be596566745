package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Workers whose blocks have different shapes are never paired, and the client hears why. */
class MixedLayoutsIT {
  private static final String BODY =
      "{\"prompt\":\"one two three four\",\"max_tokens\":4,\"temperature\":0}";

  @Test
  void onlyWrongWorkersGiveOneClearErrorAndARightOneBesideThemServes() throws Exception {
    try (SystemCluster cluster =
        SystemCluster.startTiny(List.of("--block-tokens", "32"), List.of(), List.of())) {
      HttpResponse<String> refused = cluster.post("/v1/completions", BODY);

      assertThat(refused.statusCode()).as(refused.body()).isEqualTo(503);
      assertThat(refused.body())
          .contains("no_worker", "blockTokens=32", "blockTokens=16")
          .doesNotContain("Exception");
      assertThat(SystemCluster.metric(cluster.decode(), "baton_requests_total")).isZero();

      BatonProcess right = cluster.launchPrefill("p-2", List.of());
      Awaitility.await("an answer by way of the right worker")
          .atMost(Duration.ofSeconds(30))
          .until(() -> cluster.post("/v1/completions", BODY).statusCode() == 200);
      for (int i = 0; i < 5; i++) {
        assertThat(cluster.post("/v1/completions", BODY).body())
            .contains("\"prefill_worker\":\"p-2\"");
      }
      assertThat(SystemCluster.metric(cluster.prefill(), "baton_requests_total")).isZero();
      assertThat(SystemCluster.metric(cluster.decode(), "baton_handoff_refusals_total")).isZero();
      Awaitility.await().until(() -> SystemCluster.blocksUsed(right) == 0);
    }
  }
}
