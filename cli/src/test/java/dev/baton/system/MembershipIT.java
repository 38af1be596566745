package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Who is there, as the router sees it, when processes and ZooKeeper come and go. */
class MembershipIT {
  private SystemCluster cluster;

  @BeforeEach
  void start() {
    cluster =
        SystemCluster.startTiny(
            List.of("--session-timeout", "4s"),
            List.of("--session-timeout", "4s"),
            List.of("--recovery-patience", "3s"));
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private int answer() {
    return cluster
        .post(
            "/v1/completions",
            "{\"model\":\"%s\",\"prompt\":\"hello\",\"max_tokens\":3}".formatted(cluster.model()))
        .statusCode();
  }

  private int readiness() {
    return SystemCluster.get("http://127.0.0.1:" + cluster.httpPort() + "/readyz").statusCode();
  }

  @Test
  void servingGoesOnWithoutZooKeeper() throws Exception {
    assertThat(answer()).isEqualTo(200);

    cluster.zookeeper().kill();

    Awaitility.await("requests keep being served after ZooKeeper's death")
        .during(Duration.ofSeconds(5))
        .atMost(Duration.ofSeconds(15))
        .until(() -> answer() == 200 && readiness() == 200);
  }

  @Test
  void deadWorkerMakesTheRouterUnreadyWithATypedError() throws Exception {
    cluster.decode().kill();

    Awaitility.await("the router notices")
        .atMost(Duration.ofSeconds(40))
        .until(() -> readiness() == 503);
    var refused =
        cluster.post(
            "/v1/completions",
            "{\"model\":\"%s\",\"prompt\":\"hello\",\"max_tokens\":3}".formatted(cluster.model()));
    assertThat(refused.statusCode()).isEqualTo(503);
    // ZooKeeper still has it until its session ends.
    assertThat(refused.body())
        .containsAnyOf("\"no_worker\"", "\"worker_lost\"")
        .doesNotContain("Exception");
  }
}
