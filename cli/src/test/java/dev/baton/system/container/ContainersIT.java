package dev.baton.system.container;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.DockerClient;
import dev.baton.client.Answer;
import dev.baton.client.AnswerEvent;
import dev.baton.client.AnswerStream;
import dev.baton.client.BatonClient;
import dev.baton.client.GenerationRequest;
import dev.baton.client.SamplingOptions;
import dev.baton.system.SystemCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.json.JsonMapper;

/**
 * What a network and an engine of containers can do to a cluster: networks that are cut on one side
 * only, processes that stand still, a ZooKeeper ensemble without a quorum, or without its memory.
 * Streams are compared with undisturbed ones token by token; after each test everybody is a member,
 * serves, and holds nothing.
 */
@ExtendWith(NeedsContainerEngine.class)
class ContainersIT {
  private static final Set<String> ALL = Set.of("p-1", "p-2", "d-1", "d-2");
  private static final String SESSION_OVER = "the session with ZooKeeper";

  /** Some seconds long: a fault takes the engine some tenths of one. */
  private static final int ANSWER = 1500;

  private static final int STRUCK_AFTER = 20;
  private static final int LONG_PROMPT = 1500;

  private static DockerClient engine;
  private static ContainerCluster cluster;
  private static BatonClient client;
  private static List<Load.Reference> references;
  private static int prompts;

  @BeforeAll
  static void start() throws InterruptedException {
    engine = ContainerEngine.connect();
    cluster = ContainerCluster.start(engine, Path.of(System.getProperty("baton.root")));
    client = cluster.client();
    awaitEverybodyServes();
    references = Load.undisturbed(cluster);
  }

  @AfterAll
  static void stop() {
    if (cluster != null) {
      client.close();
      cluster.close();
      assertThat(ContainerEngine.ofThisRun(engine)).as("left in the engine").isEmpty();
    }
  }

  @AfterEach
  void everybodyIsAMemberAndServesAndHoldsNothing() throws InterruptedException {
    await("registrations").untilAsserted(() -> assertThat(registered()).isEqualTo(ALL));
    awaitEverybodyServes();
    assertThat(cluster.awaitRest(Node.LIMIT)).as("held").isEmpty();
  }

  private static ConditionFactory await(String what) {
    return Awaitility.await(what).atMost(Node.LIMIT);
  }

  private static Set<String> registered() {
    return cluster.ensemble().workers();
  }

  /** Nobody is registered but dead, nobody is alive but forgotten: each one answers. */
  private static void awaitEverybodyServes() {
    Set<String> served = new TreeSet<>();
    await("answers by everybody")
        .until(() -> {
          List<CompletableFuture<Answer>> answers =
              IntStream.range(0, 4)
                  .mapToObj(_ -> client.generateAsync(request(prompt(20), 3)))
                  .toList();
          for (CompletableFuture<Answer> each : answers) {
            served.add(each.join().route().prefillWorker());
            served.add(each.join().route().decodeWorker());
          }
          return served.containsAll(ALL);
        });
  }

  private static List<Integer> prompt(int tokens) {
    int number = ++prompts;
    return IntStream.range(0, tokens).mapToObj(i -> (i * 31 + number * 7) % 900).toList();
  }

  private static GenerationRequest request(List<Integer> prompt, int tokens) {
    return GenerationRequest.tokens(prompt)
        .requestId("request-" + prompts)
        .sampling(SamplingOptions.defaults().withSeed(prompts).withPresencePenalty(0.3))
        .maxTokens(tokens)
        .ignoreEndOfSequence()
        .logprobs(2)
        .deadline(Node.LIMIT)
        .build();
  }

  private static Load load() {
    return Load.on(cluster, references);
  }

  // ---- ZooKeeper
  // ---------------------------------------------------------------------------------

  @Test
  void servingGoesOnWhenTheLeaderDiesAndThenWithoutAQuorumForLongerThanASession() {
    Map<String, String> lives = cluster.lives();
    Map<Node, Long> before = sessionsLost();
    try (Load load = load()) {
      Node first = cluster.ensemble().awaitLeader();
      first.kill();
      load.awaitServed(2);
      Node second = cluster.ensemble().awaitLeader();
      second.kill();
      awaitSessionsLost(before);
      load.awaitServed(3);
      first.startAgain();
      second.startAgain();
      awaitRegistered();
      load.awaitServed(2);
    }
    assertThat(cluster.lives()).as("nobody was started again").isEqualTo(lives);
  }

  @Test
  void servingGoesOnWhenWorkersAloneAreCutOffFromZooKeeperForLongerThanASession() {
    Map<String, String> lives = cluster.lives();
    try (Load load = load()) {
      cluster.workers().forEach(each -> each.leave(cluster.coordination()));
      try {
        await("the end of all sessions").until(() -> registered().isEmpty());
        load.awaitServed(3);
      } finally {
        cluster.workers().forEach(each -> each.join(cluster.coordination()));
      }
      awaitRegistered();
      load.awaitServed(2);
    }
    assertThat(cluster.lives()).as("nobody was started again").isEqualTo(lives);
  }

  @Test
  void everybodyRegistersAnewWhenTheEnsembleComesBackEmpty() {
    Map<String, String> lives = cluster.lives();
    try (Load load = load()) {
      load.awaitServed(1);
      cluster.ensemble().replaceByEmptyOnes();
      awaitRegistered();
      load.awaitServed(2);
    }
    assertThat(cluster.lives()).as("nobody was started again").isEqualTo(lives);
  }

  private static Map<Node, Long> sessionsLost() {
    return cluster.workers().stream()
        .collect(Collectors.toMap(each -> each, each -> each.linesWith(SESSION_OVER)));
  }

  private static void awaitSessionsLost(Map<Node, Long> before) {
    await("workers that know that their sessions are over")
        .until(() ->
            before.entrySet().stream()
                .allMatch(each -> each.getKey().linesWith(SESSION_OVER) > each.getValue()));
  }

  private static void awaitRegistered() {
    await("registrations").untilAsserted(() -> assertThat(registered()).isEqualTo(ALL));
  }

  // ---- workers
  // -----------------------------------------------------------------------------------

  @Test
  void decodeWorkerThatIsCutOffMidStreamIsReplacedAndServesAgainOnceItIsBack() {
    GenerationRequest request = request(prompt(300), ANSWER);
    double before = recoveries("decode_");
    Disturbed answer = disturbed(request, each -> each.leave(cluster.data()));

    assertThat(recoveries("decode_")).isGreaterThan(before);
    answer.struck().join(cluster.data());
    assertThat(answer.choices()).isEqualTo(client.generate(request).choices());
  }

  @Test
  void decodeWorkerThatIsKilledMidStreamIsReplacedAndServesAgainOnceItIsStarted() {
    GenerationRequest request = request(prompt(300), ANSWER);
    double before = recoveries("decode_");
    Disturbed answer = disturbed(request, Node::kill);

    assertThat(recoveries("decode_")).isGreaterThan(before);
    long readies = answer.struck().readies();
    answer.struck().startAgain();
    answer.struck().awaitReady(readies + 1);
    assertThat(answer.choices()).isEqualTo(client.generate(request).choices());
  }

  @Test
  void prefillWorkerThatIsPausedInAHandoffIsReplaced() {
    GenerationRequest request = request(prompt(LONG_PROMPT), 20);
    double before = recoveries("prefill_");
    CompletableFuture<Answer> answer = client.generateAsync(request);
    Node decode = awaitServing(request, "decode");
    await("a handoff").until(() -> cluster.metric(decode, "baton_handoffs_active") > 0);
    Node prefill = awaitServing(request, "prefill");

    prefill.pause();
    List<Answer.Choice> choices;
    try {
      choices = answer.join().choices();
    } finally {
      prefill.unpause();
    }

    assertThat(recoveries("prefill_")).isGreaterThan(before);
    assertThat(choices).isEqualTo(client.generate(request).choices());
  }

  @Test
  void workerThatIsToldToStopLeavesAndEndsByItself() {
    Node worker = cluster.worker("d-2");
    long readies = worker.readies();

    assertThat(worker.terminate()).as("exit code of a process that SIGTERM ended").isEqualTo(143);

    assertThat(registered()).doesNotContain("d-2");
    worker.startAgain();
    worker.awaitReady(readies + 1);
  }

  @Test
  void imageKnowsWhetherItsProcessIsHealthy() {
    await("health by the image's own check")
        .untilAsserted(() ->
            assertThat(cluster.members())
                .allSatisfy(each ->
                    assertThat(each.now().getState().getHealth().getStatus())
                        .isEqualTo("healthy")));
  }

  /** What came of a stream whose decode worker was struck, and who that was. */
  private record Disturbed(List<Answer.Choice> choices, Node struck) {}

  /** Strikes the decode worker in the middle of the stream. */
  private static Disturbed disturbed(GenerationRequest request, Consumer<Node> fault) {
    Node struck = null;
    int tokens = 0;
    try (AnswerStream stream = client.stream(request)) {
      while (stream.hasNext()) {
        if (stream.next() instanceof AnswerEvent.Delta delta) {
          tokens += delta.tokens().size();
          if (struck == null && tokens > STRUCK_AFTER) {
            struck = awaitServing(request, "decode");
            fault.accept(struck);
          }
        }
      }
      return new Disturbed(stream.answer().choices(), struck);
    }
  }

  /** The worker of a role that a request was given to last. */
  private static Node awaitServing(GenerationRequest request, String role) {
    String uri =
        "http://%s/v1/decisions/%s".formatted(cluster.http(), request.requestId().orElseThrow());
    String id =
        await("a decision")
            .pollInterval(Duration.ofMillis(10))
            .until(
                () ->
                    JsonMapper.shared()
                        .readTree(SystemCluster.get(uri).body())
                        .path(role + "_worker")
                        .asString(""),
                each -> !each.isEmpty());
    return cluster.worker(id);
  }

  private static double recoveries(String reason) {
    try {
      return cluster.routerMetric("baton_recoveries_total", reason);
    } catch (IllegalStateException noneYet) {
      return 0;
    }
  }
}
