package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.client.AnswerEvent.Delta;
import dev.baton.client.AnswerStream;
import dev.baton.client.BatonClient;
import dev.baton.client.GenerationRequest;
import dev.baton.client.SamplingOptions;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Workers are killed or stand still while they serve a stream of the OpenAI door, and a router
 * while it serves the Java client: the client sees the stream of an undisturbed run, token by
 * token, and nothing stays behind. Two workers of each role; what is lost is started again after
 * each test.
 */
class RecoveryIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final List<String> WORKER =
      List.of("--stall-limit", "3s", "--session-timeout", "4s", "--blocks", "512");

  /** Long enough that something can happen in the middle: some seconds. */
  private static final int LONG_PROMPT = 2000;

  private static final int ANSWER = 80;

  private static SystemCluster cluster;
  private static final Map<String, BatonProcess> workers = new HashMap<>();
  private static int requests;

  @BeforeAll
  static void start() throws IOException {
    cluster =
        SystemCluster.start(SystemCluster.SLOW, WORKER, WORKER, List.of("--stall-limit", "3s"));
    workers.put("p-1", cluster.prefill());
    workers.put("d-1", cluster.decode());
    workers.putAll(cluster.launchPair("p-2", "d-2", WORKER));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @AfterEach
  void nothingIsHeld() {
    for (BatonProcess worker : workers.values()) {
      Awaitility.await("nothing is held by " + worker.pid())
          .atMost(LIMIT)
          .untilAsserted(() -> {
            assertThat(SystemCluster.blocksUsed(worker)).isZero();
            assertThat(SystemCluster.metric(worker, "baton_running_requests")).isZero();
            assertThat(SystemCluster.metric(worker, "baton_queue_requests")).isZero();
          });
    }
    assertThat(SystemCluster.metric(cluster.router(), "baton_requests_active")).isZero();
  }

  private static String body(int prompt, int length, String more) {
    String tokens =
        IntStream.range(0, length)
            .mapToObj(i -> Integer.toString((i * 31 + prompt * 7) % 900))
            .collect(Collectors.joining(","));
    return "{\"prompt\":[%s],\"max_tokens\":%d,\"ignore_eos\":true,\"stream\":true,\"logprobs\":2,%s}"
        .formatted(tokens, ANSWER, more);
  }

  private static final String GREEDY = "\"temperature\":0";
  private static final String SAMPLED =
      "\"temperature\":0.9,\"top_p\":0.95,\"seed\":7,\"repetition_penalty\":1.2,"
          + "\"presence_penalty\":0.4,\"frequency_penalty\":0.3,\"n\":2";

  private static StreamedText undisturbed(String body) {
    StreamedText answer =
        StreamedText.of(cluster.httpPort(), "undisturbed-" + ++requests, body, _ -> {});
    assertThat(answer.errors()).isEmpty();
    return answer;
  }

  private static String worker(String requestId, String role) {
    JsonNode decision =
        JsonMapper.builder()
            .build()
            .readTree(
                SystemCluster.get(
                        "http://127.0.0.1:%d/v1/decisions/%s"
                            .formatted(cluster.httpPort(), requestId))
                    .body());
    return decision.path(role + "_worker").asString("");
  }

  /** What happens to a worker. */
  private interface Fault {
    void to(BatonProcess worker) throws Exception;
  }

  /** The same request again, of which this worker is lost after some events of the stream. */
  private static StreamedText losing(String role, int afterEvents, String body, Fault fault) {
    String id = "disturbed-" + ++requests;
    StreamedText answer =
        StreamedText.of(
            cluster.httpPort(),
            id,
            body,
            events -> {
              if (events == afterEvents) {
                strike(worker(id, role), fault);
              }
            });
    restore();
    return answer;
  }

  /** A request of which this worker is lost while its prompt is read. */
  private static StreamedText losingWhilePrefilling(String role, String body, Fault fault) {
    String id = "prefilling-" + ++requests;
    CompletableFuture<StreamedText> answer =
        CompletableFuture.supplyAsync(() -> StreamedText.of(cluster.httpPort(), id, body, _ -> {}));
    until(() -> !worker(id, role).isEmpty());
    String reader = worker(id, "prefill");
    until(() -> SystemCluster.blocksUsed(workers.get(reader)) > 0);
    strike(worker(id, role), fault);
    StreamedText heard =
        answer.orTimeout(LIMIT.toSeconds(), java.util.concurrent.TimeUnit.SECONDS).join();
    restore();
    return heard;
  }

  private static void until(BooleanSupplier condition) {
    Awaitility.await()
        .atMost(LIMIT)
        .pollInterval(Duration.ofMillis(5))
        .until(condition::getAsBoolean);
  }

  private static String struck = "";

  private static void strike(String id, Fault fault) {
    try {
      struck = id;
      fault.to(workers.get(id));
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  /** Two of each role again. */
  private static void restore() {
    try {
      BatonProcess worker = workers.get(struck);
      if (worker.isAlive()) {
        worker.thaw();
      } else {
        workers.put(
            struck,
            struck.startsWith("p")
                ? cluster.launchPrefill(struck, WORKER)
                : cluster.launchDecode(struck, WORKER));
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double recoveries(String... parts) {
    try {
      String[] all = new String[parts.length + 1];
      all[0] = "baton_recoveries_total";
      System.arraycopy(parts, 0, all, 1, parts.length);
      return SystemCluster.metric(cluster.router(), all);
    } catch (IllegalStateException none) {
      return 0;
    }
  }

  @Test
  void decodeWorkerIsKilledMidStreamSampledWithPenaltiesTwoChoicesAndAStopString() {
    StreamedText whole = undisturbed(body(2, 300, SAMPLED));
    String text = whole.texts().get(0);
    String stop = text.substring(text.length() - 4).replace("\\", "\\\\").replace("\"", "\\\"");
    boolean plain = stop.chars().allMatch(each -> each >= ' ' && each < 127);
    String body = body(2, 300, plain ? SAMPLED + ",\"stop\":\"" + stop + "\"" : SAMPLED);
    StreamedText expected = undisturbed(body);

    assertThat(losing("decode", 41, body, BatonProcess::kill)).isEqualTo(expected);
  }

  @Test
  void decodeWorkerStandsStillMidStream() {
    String body = body(3, 300, GREEDY);
    StreamedText expected = undisturbed(body);
    double before = recoveries("decode_");

    assertThat(losing("decode", 30, body, BatonProcess::freeze)).isEqualTo(expected);

    assertThat(recoveries("decode_")).isGreaterThan(before);
  }

  @Test
  void prefillWorkerIsKilledWhilePrefilling() {
    String body = body(4, LONG_PROMPT, SAMPLED);
    double before = recoveries("prefill_worker_lost", "resume");

    StreamedText disturbed = losingWhilePrefilling("prefill", body, BatonProcess::kill);

    assertThat(recoveries("prefill_worker_lost", "resume")).isGreaterThan(before);
    assertThat(disturbed).isEqualTo(undisturbed(body));
  }

  @Test
  void routerIsKilledMidStreamUnderTheJavaClient() throws Exception {
    assertOutlives(cluster.launchRouter("router-2", List.of()), BatonProcess::kill);
  }

  @Test
  void routerStandsStillMidStreamUnderTheJavaClient() throws Exception {
    BatonProcess doomed = cluster.launchRouter("router-3", List.of());
    try {
      assertOutlives(doomed, BatonProcess::freeze);
    } finally {
      doomed.thaw();
    }
  }

  private static void assertOutlives(BatonProcess doomed, Fault fault) throws Exception {
    String first = "127.0.0.1:" + SystemCluster.port(doomed, "grpc");
    String other = "127.0.0.1:" + cluster.grpcPort();
    GenerationRequest request =
        GenerationRequest.tokens(IntStream.range(0, 300).mapToObj(i -> i * 13 % 900).toList())
            .sampling(SamplingOptions.defaults().withTemperature(0.9).withSeed(11))
            .choices(2)
            .maxTokens(ANSWER)
            .ignoreEndOfSequence()
            .build();

    try (BatonClient undisturbed = BatonClient.connect(other);
        BatonClient client = BatonClient.connect(List.of(first, other));
        AnswerStream stream = client.stream(request)) {
      int deltas = 0;
      while (stream.hasNext()) {
        if (stream.next() instanceof Delta && ++deltas == ANSWER / 2) {
          fault.to(doomed);
        }
      }
      assertThat(stream.answer().choices()).isEqualTo(undisturbed.generate(request).choices());
    }
  }
}
