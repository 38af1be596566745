package dev.baton.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.StartException;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class AdminServerTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final PrometheusMeterRegistry registry = ProcessMetrics.registry("prefill", "p-1");
  private final AtomicReference<Readiness> readiness = new AtomicReference<>(Readiness.ready());
  private AdminServer server;

  @BeforeEach
  void start() {
    server = AdminServer.start("127.0.0.1", 0, registry, () -> readiness.get());
  }

  @AfterEach
  void stop() {
    server.close();
    registry.close();
    client.close();
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .method(method, BodyPublishers.noBody())
            .build();
    return client.send(request, BodyHandlers.ofString());
  }

  @Test
  void metricsCarryRoleAndWorkerAndOwnAndProcessMeters() throws Exception {
    registry.counter("baton.test").increment();

    HttpResponse<String> page = send("GET", "/metrics");

    assertThat(page.statusCode()).isEqualTo(200);
    assertThat(page.headers().firstValue("Content-Type"))
        .hasValueSatisfying(t -> assertThat(t).startsWith("text/plain"));
    assertThat(page.body())
        .contains("baton_test_total{role=\"prefill\",worker=\"p-1\"} 1.0")
        .contains("jvm_memory_used_bytes{")
        .contains("jvm_threads_live_threads{")
        .contains("process_uptime_seconds{")
        .contains("process_files_open_files{")
        .contains("process_cpu_usage{");
  }

  @Test
  void healthIsOkAlsoWhileNotReady() throws Exception {
    readiness.set(Readiness.notReady("no worker"));

    assertThat(send("GET", "/healthz").statusCode()).isEqualTo(200);
  }

  @Test
  void readinessFollowsWithItsReason() throws Exception {
    assertThat(send("GET", "/readyz").statusCode()).isEqualTo(200);

    readiness.set(Readiness.notReady("no decode worker serves 'tiny'"));
    HttpResponse<String> answer = send("GET", "/readyz");

    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.body()).isEqualTo("no decode worker serves 'tiny'\n");
  }

  @Test
  void readinessThatThrowsIsAnErrorThatTellsNothing() throws Exception {
    readiness.set(null);

    HttpResponse<String> answer = send("GET", "/readyz");

    assertThat(answer.statusCode()).isEqualTo(500);
    assertThat(answer.body()).doesNotContain("Exception");
    assertThat(send("GET", "/healthz").statusCode()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/metrics", "/healthz", "/readyz"})
  void headHasStatusAndLengthWithoutBody(String path) throws Exception {
    HttpResponse<String> answer = send("HEAD", path);

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEmpty();
    assertThat(answer.headers().firstValueAsLong("Content-Length").orElse(0)).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/metrics/x", "/METRICS", "/healthz/", "/../etc/passwd"})
  void otherPathsAreNotFound(String path) throws Exception {
    assertThat(send("GET", path).statusCode()).isEqualTo(404);
  }

  @Test
  void otherMethodsAreNotAllowed() throws Exception {
    assertThat(send("POST", "/readyz").statusCode()).isEqualTo(405);
  }

  @Test
  void closeFreesThePort() throws IOException {
    int port = server.port();

    server.close();
    server.close();

    try (ServerSocket again = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(again.isBound()).isTrue();
    }
  }

  @Test
  void takenPortIsNamed() {
    assertThatThrownBy(
            () -> AdminServer.start("127.0.0.1", server.port(), registry, Readiness::ready))
        .isInstanceOf(StartException.class)
        .hasMessageContaining("admin port 127.0.0.1:" + server.port());
  }
}
