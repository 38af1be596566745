package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.client.BatonClient;
import dev.baton.client.GenerationRequest;
import dev.baton.client.SamplingOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Real processes, both doors, and clients of which hardly one waits for its answer. */
class DepartingClientsIT {
  private static final int CLIENTS = 200;
  private static final int AT_ONCE = 12;
  private static final int LONGEST_STAY_MILLIS = 400;

  @Test
  void twoHundredClientsThatLeaveAtAnyMomentLeaveNothing() throws Exception {
    SystemCluster cluster = SystemCluster.shared();
    long seed = System.nanoTime();
    Random random = new Random(seed);
    assertThat(cluster.post("/v1/completions", "{\"prompt\":\"x\",\"max_tokens\":1}").statusCode())
        .isEqualTo(200);
    double before = SystemCluster.metric(cluster.router(), "baton_requests_total");
    Semaphore room = new Semaphore(AT_ONCE);
    List<CompletableFuture<?>> running = new ArrayList<>();
    try (BatonClient grpc = BatonClient.connect("127.0.0.1:" + cluster.grpcPort());
        HttpClient http = HttpClient.newHttpClient();
        ScheduledExecutorService departures = Executors.newSingleThreadScheduledExecutor()) {
      for (int i = 0; i < CLIENTS; i++) {
        assertThat(room.tryAcquire(1, TimeUnit.MINUTES)).as("room, seed %d", seed).isTrue();
        List<Integer> prompt =
            random.ints(1 + random.nextInt(900), 0, 900).boxed().collect(Collectors.toList());
        CompletableFuture<?> call =
            random.nextBoolean()
                ? grpc.generateAsync(request(prompt))
                : http.sendAsync(post(cluster, prompt), HttpResponse.BodyHandlers.ofString());
        var _ = call.whenComplete((answer, why) -> room.release());
        running.add(call);
        departures.schedule(
            () -> call.cancel(true), random.nextInt(LONGEST_STAY_MILLIS), TimeUnit.MILLISECONDS);
      }
      room.acquire(AT_ONCE);
    }

    Awaitility.await("every gauge is zero, seed " + seed)
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> {
          for (BatonProcess worker : List.of(cluster.prefill(), cluster.decode())) {
            assertThat(SystemCluster.blocksUsed(worker)).isZero();
            assertThat(SystemCluster.metric(worker, "baton_running_requests")).isZero();
            assertThat(SystemCluster.metric(worker, "baton_queue_requests")).isZero();
          }
          assertThat(SystemCluster.metric(cluster.decode(), "baton_handoffs_active")).isZero();
          assertThat(SystemCluster.metric(cluster.router(), "baton_requests_active")).isZero();
        });
    assertThat(running.stream().filter(CompletableFuture::isCancelled))
        .as("clients that left, seed %d", seed)
        .hasSizeGreaterThan(CLIENTS / 4);
    assertThat(SystemCluster.metric(cluster.router(), "baton_requests_total") - before)
        .as("requests that came to the router before their client left, seed %d", seed)
        .isBetween(CLIENTS / 4.0, (double) CLIENTS);
  }

  private static GenerationRequest request(List<Integer> prompt) {
    return GenerationRequest.tokens(prompt)
        .sampling(SamplingOptions.greedy())
        .maxTokens(100)
        .ignoreEndOfSequence()
        .build();
  }

  private static HttpRequest post(SystemCluster cluster, List<Integer> prompt) {
    String tokens = prompt.stream().map(String::valueOf).collect(Collectors.joining(","));
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + cluster.httpPort() + "/v1/completions"))
        .header("Content-Type", "application/json")
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"prompt\":[%s],\"max_tokens\":100,\"ignore_eos\":true,\"stream\":%b}"
                    .formatted(tokens, prompt.size() % 2 == 0)))
        .build();
  }
}
