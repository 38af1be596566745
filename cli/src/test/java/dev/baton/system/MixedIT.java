package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.local.LocalPorts;
import dev.baton.model.random.RandomModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One worker with both roles, moved between them while it runs, and two routers before it. */
class MixedIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final int PORTS = 6;

  @TempDir private static Path directory;
  private static final List<BatonProcess> processes = new ArrayList<>();
  private static int firstPort;
  private static String zookeeper;
  private static BatonProcess mixed;
  private static BatonProcess strict;
  private static BatonProcess lenient;

  @BeforeAll
  static void start() throws IOException {
    Path model = directory.resolve("random-model");
    RandomModel.write(model, SystemCluster.SMALL, 7);
    zookeeper =
        launch("zookeeper", "zookeeper", "--data-dir", directory + "/zk", "--port", "0")
            .ready()
            .get("zookeeper")
            .asString();
    firstPort = freePorts();
    mixed =
        launch(
            "mixed",
            "worker",
            "mixed",
            "--id",
            "m",
            "--first-port",
            Integer.toString(firstPort),
            "--threads",
            "1",
            "--model",
            model.toString(),
            "--zookeeper",
            zookeeper);
    strict = launch("strict", router(model));
    lenient = launch("lenient", router(model, "--local-prefill", "alone"));
    mixed.ready();
  }

  @AfterAll
  static void stop() {
    processes.reversed().forEach(BatonProcess::close);
  }

  /** Whatever the test before came to. */
  @BeforeEach
  void bothRolesAreThere() throws Exception {
    moved("both");
    awaitStatus(strict, 200);
    awaitStatus(lenient, 200);
  }

  private static BatonProcess launch(String name, String... arguments) throws IOException {
    BatonProcess process = BatonProcess.startQuick(directory, name, List.of(arguments));
    processes.add(process);
    return process;
  }

  private static String[] router(Path model, String... more) {
    List<String> arguments = new ArrayList<>(List.of("router", "--http-port", "0"));
    arguments.addAll(List.of("--grpc-port", "0", "--model", model.toString()));
    arguments.addAll(List.of("--zookeeper", zookeeper));
    arguments.addAll(List.of(more));
    return arguments.toArray(String[]::new);
  }

  /** The first of so many ports of loopback that nobody listens on now. */
  private static int freePorts() {
    while (true) {
      int first = LocalPorts.free();
      if (IntStream.range(first, first + PORTS).allMatch(LocalPorts::isFree)) {
        return first;
      }
    }
  }

  private static void awaitStatus(BatonProcess router, int status) throws IOException {
    String uri = "http://" + router.ready().get("http").asString() + "/readyz";
    Awaitility.await("/readyz is " + status)
        .atMost(Duration.ofSeconds(30))
        .until(() -> SystemCluster.get(uri).statusCode() == status);
  }

  private static HttpResponse<String> post(BatonProcess router, String id) throws IOException {
    String prompt =
        IntStream.range(0, 100)
            .mapToObj(i -> Integer.toString(i * 31 % 900 + 1))
            .collect(Collectors.joining(","));
    return SystemCluster.send(
        HttpRequest.newBuilder(
                URI.create("http://" + router.ready().get("http").asString() + "/v1/completions"))
            .header("Content-Type", "application/json")
            .header("x-request-id", id)
            .POST(
                HttpRequest.BodyPublishers.ofString(
                    "{\"prompt\":[%s],\"max_tokens\":12,\"temperature\":0.8,\"seed\":5}"
                        .formatted(prompt)))
            .build());
  }

  private static JsonNode answer(HttpResponse<String> response) {
    assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
    return JSON.readTree(response.body());
  }

  private static OneShot move(String... arguments) throws Exception {
    List<String> line = new ArrayList<>(List.of("pool", "move", "--zookeeper", zookeeper));
    line.addAll(List.of(arguments));
    return OneShot.of(line.toArray(String[]::new));
  }

  private static void moved(String role) throws Exception {
    OneShot done = move("m", "--to", role);
    assertThat(done.code()).as(done.err()).isZero();
  }

  @Test
  void rolesGoAndComeBackWithoutARestartAndTheTokensStayTheSame() throws Exception {
    JsonNode first = answer(post(strict, "req-1"));
    assertThat(first.at("/baton/prefill_worker").asString()).isEqualTo("m-prefill");
    assertThat(first.at("/baton/decode_worker").asString()).isEqualTo("m-decode");

    moved("decode");
    awaitStatus(strict, 503);
    HttpResponse<String> refused = post(strict, "req-2");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).contains("\"no_worker\"");
    // The decode worker alone makes this router ready: only an answer shows that it knows.
    JsonNode local =
        Awaitility.await("the prompt is read by the decode worker")
            .atMost(Duration.ofSeconds(30))
            .until(
                () -> JSON.readTree(post(lenient, "req-3").body()),
                body -> body.at("/baton/local_prefill").asBoolean());
    assertThat(local.at("/baton/decode_worker").asString()).isEqualTo("m-decode");
    assertThat(local.at("/choices/0/text")).isEqualTo(first.at("/choices/0/text"));
    assertThat(metric(lenient.ready().get("http").asString(), "baton_local_prefills_total"))
        .isEqualTo(1);

    moved("both");
    awaitStatus(strict, 200);
    JsonNode again = answer(post(strict, "req-4"));
    assertThat(again.at("/baton/prefill_worker").asString()).isEqualTo("m-prefill");
    assertThat(again.at("/choices/0/text")).isEqualTo(first.at("/choices/0/text"));

    Awaitility.await("nothing is held")
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            metric(admin(2), "baton_blocks{", "state=\"used\"") == 0
                && metric(admin(5), "baton_blocks{", "state=\"used\"") == 0
                && metric(admin(5), "baton_handoffs_active") == 0);
    assertThat(mixed.alive()).isTrue();
  }

  @Test
  void answersThatAreWrittenWhileOthersPromptsAreReadAreTheSameTokens() throws Exception {
    JsonNode alone = answer(post(strict, "alone"));

    List<Thread> posts = new ArrayList<>();
    List<JsonNode> texts = new CopyOnWriteArrayList<>();
    Awaitility.await("a step holds prompts and answers")
        .atMost(Duration.ofSeconds(60))
        .until(() -> {
          for (int i = 0; i < 8; i++) {
            String id = "crowd-" + posts.size();
            posts.add(
                Thread.startVirtualThread(() -> texts.add(crowded(id).at("/choices/0/text"))));
          }
          for (Thread post : posts) {
            post.join();
          }
          return metric(admin(5), "baton_joint_steps_total") > 0;
        });

    assertThat(texts).hasSameSizeAs(posts).containsOnly(alone.at("/choices/0/text"));
  }

  private static JsonNode crowded(String id) {
    try {
      return answer(post(strict, id));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void moveOfAWorkerThatIsNotThereIsRefusedUnlessForced() throws Exception {
    OneShot refused = move("nosuch", "--to", "decode");
    assertThat(refused.code()).isEqualTo(1);
    assertThat(refused.err()).contains("no mixed worker 'nosuch'", "[m]", "--force");

    assertThat(move("nosuch", "--to", "decode", "--force").code()).isZero();
  }

  @Test
  void decisionIsExplainedByTheRouterThatMadeIt() throws Exception {
    answer(post(strict, "req-5"));
    String other = lenient.ready().get("http").asString();
    String asked = strict.ready().get("http").asString();

    OneShot known = OneShot.of("explain", "req-5", "--endpoint", other, "--endpoint", asked);
    assertThat(known.code()).as(known.err()).isZero();
    assertThat(known.out()).contains("req-5: placed", "m-prefill", "m-decode", "predicted TTFT");

    OneShot unknown = OneShot.of("explain", "req-6", "--endpoint", asked);
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).contains("req-6", "4,096").hasLineCount(1);
  }

  private static String admin(int offset) {
    return "127.0.0.1:" + (firstPort + offset);
  }

  private static double metric(String endpoint, String... parts) {
    return SystemCluster.metricAt(endpoint, parts);
  }
}
