package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.local.LocalPorts;
import dev.baton.client.Answer;
import dev.baton.client.BatonClient;
import dev.baton.client.GenerationRequest;
import dev.baton.client.SamplingOptions;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Every process of a cluster is ended and started again, in turn, while clients of the Java SDK
 * stream: what they hear is what an undisturbed run gives, and what was hot on a worker that left
 * is cached at its peer.
 */
class RollingRestartIT {
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long SEED = 20261126;
  private static final JsonMapper JSON = JsonMapper.builder().build();

  /** An answer takes a good part of a second, which is the drain limit of decode workers. */
  private static final RandomModel.Shape SHAPE =
      new RandomModel.Shape(4, 256, 704, 8, 4, 1024, 4096, true, WeightDtype.BF16);

  private static final Map<String, String> DRAIN_LIMITS =
      Map.of("prefill", "5s", "decode", "500ms", "router", "1s");
  private static final int CLIENTS = 3;
  private static final int REQUESTS = 6;
  private static final int HOT_TOKENS = 420;

  @TempDir static Path directory;

  private static final Map<String, List<String>> arguments = new HashMap<>();
  private static final Map<String, BatonProcess> processes = new HashMap<>();
  private static String zookeeper;
  private static BatonClient client;

  @BeforeAll
  static void start() throws IOException {
    Path model = directory.resolve("random-model");
    RandomModel.write(model, SHAPE, 7);
    int port = LocalPorts.free();
    zookeeper = "127.0.0.1:" + port;
    List<String> shared = List.of("--model", model.toString(), "--zookeeper", zookeeper);
    arguments.put(
        "zookeeper",
        List.of(
            "zookeeper",
            "--data-dir",
            directory.resolve("zk").toString(),
            "--port",
            Integer.toString(port)));
    for (String role : List.of("prefill", "decode")) {
      for (int i = 1; i <= 2; i++) {
        String id = role.charAt(0) + "-" + i;
        List<String> own = List.of("worker", role, "--id", id, "--threads", "1");
        arguments.put(id, concat(own, shared, limits(role)));
      }
    }
    // Routers with secrets of their own share no cached prefix.
    Path secret = Files.writeString(directory.resolve("secret"), "the same on both routers");
    List<String> doors = new ArrayList<>();
    for (int i = 1; i <= 2; i++) {
      int grpc = LocalPorts.free();
      doors.add("127.0.0.1:" + grpc);
      List<String> own =
          List.of(
              "router",
              "--id",
              "r-" + i,
              "--tenant-secret-file",
              secret.toString(),
              "--http-port",
              Integer.toString(LocalPorts.free()),
              "--grpc-port",
              Integer.toString(grpc));
      arguments.put("r-" + i, concat(own, shared, limits("router")));
    }
    launch("zookeeper");
    launch("p-1", "p-2", "d-1", "d-2", "r-1", "r-2");
    client = BatonClient.connect(doors);
  }

  @AfterAll
  static void stop() {
    client.close();
    for (String name : List.of("r-1", "r-2", "p-1", "p-2", "d-1", "d-2", "zookeeper")) {
      BatonProcess process = processes.get(name);
      if (process != null) {
        process.close();
      }
    }
  }

  @SafeVarargs
  private static List<String> concat(List<String>... parts) {
    return Stream.of(parts).flatMap(List::stream).toList();
  }

  private static List<String> limits(String role) {
    return List.of("--drain-limit", DRAIN_LIMITS.get(role), "--stall-limit", "10s");
  }

  /** Starts these, and returns when all are ready, and the routers hear of workers. */
  private static void launch(String... names) throws IOException {
    for (String name : names) {
      processes.put(name, BatonProcess.start(directory, name, arguments.get(name)));
    }
    for (String name : names) {
      processes.get(name).ready();
      if (name.startsWith("r-")) {
        Awaitility.await(name + " is ready").atMost(LIMIT).until(() -> readiness(name) == 200);
      }
    }
  }

  private static int httpPort(String router) {
    return SystemCluster.port(processes.get(router), "http");
  }

  private static int readiness(String router) {
    return SystemCluster.get("http://127.0.0.1:" + httpPort(router) + "/readyz").statusCode();
  }

  private static List<Integer> tokens(int prompt, int count) {
    // All begin alike, as with a system prompt.
    return IntStream.range(0, count)
        .map(i -> i < 96 ? (i * 13 + 5) % 900 : (i * 31 + prompt * 71) % 900)
        .boxed()
        .toList();
  }

  private static GenerationRequest request(int number) {
    SamplingOptions sampling =
        number % 2 == 0
            ? SamplingOptions.greedy()
            : SamplingOptions.defaults().withTemperature(0.9).withTopP(0.95).withSeed(number);
    return GenerationRequest.tokens(tokens(number, 160 + 24 * number))
        .sampling(sampling)
        .choices(number % 3 == 0 ? 2 : 1)
        .maxTokens(80 + 80 * number)
        .ignoreEndOfSequence()
        .build();
  }

  /** Clients that ask again and again until they are told to stop. */
  private static final class Load {
    private final Map<Integer, List<Answer.Choice>> undisturbed;
    private final List<String> wrong = new CopyOnWriteArrayList<>();
    private final AtomicInteger right = new AtomicInteger();
    private final AtomicBoolean stopped = new AtomicBoolean();
    private final List<Thread> threads = new ArrayList<>();

    Load(Map<Integer, List<Answer.Choice>> undisturbed) {
      this.undisturbed = undisturbed;
      for (int i = 0; i < CLIENTS; i++) {
        Random random = new Random(SEED + i);
        threads.add(
            Thread.startVirtualThread(() -> {
              while (!stopped.get()) {
                ask(random.nextInt(REQUESTS));
              }
            }));
      }
    }

    private void ask(int number) {
      try {
        List<Answer.Choice> heard = client.generate(request(number)).choices();
        if (heard.equals(undisturbed.get(number))) {
          right.incrementAndGet();
        } else {
          wrong.add("request " + number + " of seed " + SEED + ": " + heard);
        }
      } catch (RuntimeException e) {
        wrong.add("request " + number + " of seed " + SEED + ": " + e);
      }
    }

    /** Until so many more answers were right, or one was not. */
    void goesOnFor(int answers) {
      int end = right.get() + answers;
      Awaitility.await("answers").atMost(LIMIT).until(() -> right.get() >= end || !wrong.isEmpty());
    }

    void stop() throws InterruptedException {
      stopped.set(true);
      for (Thread each : threads) {
        each.join();
      }
    }
  }

  /** {@code baton drain}, and what it said. */
  private static JsonNode drain(String... members) throws Exception {
    List<String> line = new ArrayList<>(List.of("drain", "--json", "--zookeeper", zookeeper));
    line.addAll(List.of(members));
    OneShot done = OneShot.of(line.toArray(String[]::new));
    assertThat(done.code()).as(done.out() + done.err()).isZero();
    return JSON.readTree(done.out()).get("members");
  }

  private static JsonNode ask(String router, int prompt) {
    String body =
        "{\"prompt\":%s,\"max_tokens\":4,\"temperature\":0}"
            .formatted(tokens(prompt, HOT_TOKENS).toString());
    URI uri = URI.create("http://127.0.0.1:%d/v1/completions".formatted(httpPort(router)));
    var answer =
        SystemCluster.send(
            HttpRequest.newBuilder(uri)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body))
                .build());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return JSON.readTree(answer.body());
  }

  private static String other(String member) {
    return member.substring(0, 2) + (member.endsWith("1") ? "2" : "1");
  }

  @Test
  void restartOfEveryProcessUnderLoadLosesAndRepeatsNothingAndHotBlocksAreAtThePeer()
      throws Exception {
    Map<Integer, List<Answer.Choice>> undisturbed = new HashMap<>();
    for (int i = 0; i < REQUESTS; i++) {
      undisturbed.put(i, client.generate(request(i)).choices());
    }
    Load load = new Load(undisturbed);
    load.goesOnFor(1);
    String reader = ask("r-1", 99).at("/baton/prefill_worker").asString();

    // A worker and a router by an order, a worker by SIGTERM; then their counterparts.
    JsonNode drained = drain(reader, "r-1");
    for (JsonNode member : drained) {
      assertThat(member.get("end").asString()).isEqualTo("drained");
    }
    assertThat(drained.get(0).get("blocks_moved").asInt())
        .as(drained.toString())
        .isPositive()
        .isEqualTo(drained.get(0).get("blocks_to_move").asInt());
    JsonNode again = ask("r-2", 99);
    assertThat(again.at("/baton/prefill_worker").asString()).isEqualTo(other(reader));
    assertThat(again.at("/usage/prompt_tokens_details/cached_tokens").asInt())
        .isEqualTo(HOT_TOKENS / 16 * 16);
    assertThat(again.at("/baton/pulled_tokens").asInt()).isZero();
    processes.get("d-1").close();
    launch(reader, "r-1", "d-1");
    load.goesOnFor(1);

    processes.get("zookeeper").close();
    launch("zookeeper");

    drain(other(reader), "d-2");
    processes.get("r-2").close();
    launch(other(reader), "d-2", "r-2");
    load.goesOnFor(2);
    load.stop();

    assertThat(load.wrong).isEmpty();
    for (String worker : List.of("p-1", "p-2", "d-1", "d-2")) {
      Awaitility.await("nothing is held by " + worker)
          .atMost(LIMIT)
          .until(() -> SystemCluster.blocksUsed(processes.get(worker)) == 0);
    }
  }

  @Test
  void drainSaysInOneSentenceWhatIsWrong() throws Exception {
    OneShot unknown = OneShot.of("drain", "d-9", "--zookeeper", zookeeper);
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err().strip().lines()).hasSize(1);
    assertThat(unknown.err()).contains("no member 'd-9' is registered now").contains("d-1");
  }
}
