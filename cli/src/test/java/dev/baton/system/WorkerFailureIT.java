package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.baton.cli.local.LocalPorts;
import dev.baton.client.Answer;
import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.ErrorCode;
import dev.baton.client.GenerationRequest;
import dev.baton.client.SamplingOptions;
import dev.baton.client.Token;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.model.ModelDirectory;
import dev.baton.model.sampling.Sampling;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The only worker of its role dies or stands still in the middle of a handoff, and comes back on
 * its address: the request waits for it and goes on, and nothing stays behind. A proxy that lets
 * only some bytes pass makes it the middle. What happens where others are left is {@link
 * RecoveryIT}'s.
 */
class WorkerFailureIT {
  private static final Duration STALL_LIMIT = Duration.ofSeconds(5);

  /** Several stall limits, and time for a busy machine. */
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private static final Path SHARED_MEMORY = Path.of("/dev/shm");

  private static final int PART_OF_A_HANDOFF = 300_000;
  private static final int LONG_PROMPT = 1000;
  private static final int LONG_ANSWER = 20;

  private static StallingProxy proxy;
  private static SystemCluster cluster;
  private static BatonClient client;
  private static CpuEngine engine;
  private static List<Integer> expected;
  private static int prompts;

  @BeforeAll
  static void start() throws IOException {
    int kvPort = LocalPorts.free();
    proxy = new StallingProxy(kvPort);
    proxy.allowAll();
    List<String> limits =
        List.of("--stall-limit", STALL_LIMIT.toSeconds() + "s", "--session-timeout", "4s");
    cluster =
        SystemCluster.start(
            SystemCluster.SLOW,
            Stream.concat(limits.stream(), fixedPorts()).toList(),
            Stream.of(
                    limits.stream(),
                    fixedPorts(),
                    Stream.of(
                        "--kv-port",
                        Integer.toString(kvPort),
                        "--advertised-kv-endpoint",
                        "127.0.0.1:" + proxy.port()))
                .flatMap(each -> each)
                .toList(),
            List.of("--stall-limit", STALL_LIMIT.toSeconds() + "s"));
    client = BatonClient.connect("127.0.0.1:" + cluster.grpcPort());
    engine = CpuEngine.load(ModelDirectory.open(cluster.modelDirectory()), 16, 1);
    expected = plain(prompt(0, 40), 8);
  }

  private static Stream<String> fixedPorts() {
    return Stream.of(
        "--control-port",
        Integer.toString(LocalPorts.free()),
        "--admin-port",
        Integer.toString(LocalPorts.free()));
  }

  @AfterAll
  static void stop() throws IOException {
    client.close();
    proxy.close();
    engine.close();
    cluster.processes().reversed().forEach(BatonProcess::close);
    List<String> left = Stream.concat(files(cluster.temporary()), files(SHARED_MEMORY)).toList();
    cluster.close();
    assertThat(left).as("what is left when everything has ended").isEmpty();
  }

  /** Also opens the connection from worker to worker: what is held then is of the request. */
  @BeforeEach
  void everybodyServes() {
    cluster.awaitReady();
    assertServes();
  }

  @AfterEach
  void nothingIsHeldAndTheClusterServesOn() {
    proxy.allowAll();
    cluster.awaitReady();
    awaitNothingHeld(cluster.prefill());
    awaitNothingHeld(cluster.decode());
    assertThat(SystemCluster.metric(cluster.router(), "baton_requests_active")).isZero();
    assertServes();
  }

  @Test
  void prefillWorkerIsKilled() throws Exception {
    CompletableFuture<Answer> answer = startAndHoldInTheMiddle();

    cluster.prefill().kill();

    cluster.restartPrefill();
    assertThat(SystemCluster.blocksUsed(cluster.decode())).as("what came is kept").isPositive();
    proxy.allowAll();
    assertGoesOn(answer);
  }

  @Test
  void decodeWorkerIsKilled() throws Exception {
    CompletableFuture<Answer> answer = startAndHoldInTheMiddle();

    cluster.decode().kill();

    awaitNothingHeld(cluster.prefill());
    proxy.allowAll();
    cluster.restartDecode();
    assertGoesOn(answer);
    assertThat(sockets()).as("one of each living worker, none of the dead one").hasSize(2);
  }

  @Test
  void prefillWorkerStandsStill() throws Exception {
    CompletableFuture<Answer> answer = startAndHoldInTheMiddle();

    cluster.prefill().freeze();
    try {
      awaitNobodyToGoOnWith();
    } finally {
      cluster.prefill().thaw();
    }
    proxy.allowAll();
    assertGoesOn(answer);
  }

  @Test
  void decodeWorkerStandsStill() throws Exception {
    CompletableFuture<Answer> answer = startAndHoldInTheMiddle();

    cluster.decode().freeze();
    try {
      awaitNobodyToGoOnWith();
      awaitNothingHeld(cluster.prefill());
    } finally {
      cluster.decode().thaw();
    }
    proxy.allowAll();
    assertGoesOn(answer);
  }

  @Test
  void whatAThawedPrefillWorkerSendsTooLateIsRefusedAndCounted() throws Exception {
    double refused = refusals();
    proxy.allow(0);
    CompletableFuture<Answer> answer =
        client.generateAsync(longRequest().deadline(Duration.ofSeconds(3)).build());
    Awaitility.await("the stream's first bytes").atMost(LIMIT).until(proxy::holding);

    cluster.prefill().freeze();
    try {
      assertThat(failure(answer)).isEqualTo(ErrorCode.DEADLINE_EXCEEDED);
      awaitNothingHeld(cluster.decode());
      assertThat(refusals()).as("nothing came yet").isEqualTo(refused);
    } finally {
      cluster.prefill().thaw();
    }
    proxy.allowAll();

    Awaitility.await("the refusal").atMost(LIMIT).until(() -> refusals() > refused);
  }

  private static double refusals() {
    return SystemCluster.metric(cluster.decode(), "baton_handoff_refusals_total");
  }

  private static CompletableFuture<Answer> startAndHoldInTheMiddle() {
    proxy.allow(PART_OF_A_HANDOFF);
    CompletableFuture<Answer> answer = client.generateAsync(longRequest().build());
    Awaitility.await("a handoff of which a part came").atMost(LIMIT).until(proxy::holding);
    assertThat(SystemCluster.blocksUsed(cluster.prefill())).isPositive();
    assertThat(SystemCluster.blocksUsed(cluster.decode())).isPositive();
    assertThat(SystemCluster.metric(cluster.decode(), "baton_handoffs_active")).isOne();
    return answer;
  }

  /** Some 16 MB of KV, none of it in a cache. */
  private static GenerationRequest.Builder longRequest() {
    return request(prompt(++prompts, LONG_PROMPT), LONG_ANSWER).requestId("long-" + prompts);
  }

  /** The loss was noticed, and the router found nobody in place of who was lost. */
  private static void awaitNobodyToGoOnWith() {
    String decision =
        "http://127.0.0.1:%d/v1/decisions/long-%d".formatted(cluster.httpPort(), prompts);
    Awaitility.await("the router to seek another worker in vain")
        .atMost(LIMIT)
        .until(() -> SystemCluster.get(decision).body().contains("\"refused\""));
  }

  /** The last long request is answered as if nothing had happened. */
  private static void assertGoesOn(CompletableFuture<Answer> answer) throws Exception {
    assertThat(ids(answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS)))
        .isEqualTo(plain(prompt(prompts, LONG_PROMPT), LONG_ANSWER));
  }

  private static List<Integer> ids(Answer answer) {
    return answer.choices().getFirst().tokens().stream().map(Token::id).toList();
  }

  private static List<Integer> plain(List<Integer> prompt, int count) {
    return new SingleProcessRun(engine)
        .tokens(prompt.stream().mapToInt(Integer::intValue).toArray(), Sampling.greedy(), 0, count);
  }

  private static GenerationRequest.Builder request(List<Integer> prompt, int max) {
    return GenerationRequest.tokens(prompt)
        .sampling(SamplingOptions.greedy())
        .maxTokens(max)
        .ignoreEndOfSequence();
  }

  private static List<Integer> prompt(int number, int length) {
    return IntStream.range(0, length).mapToObj(i -> (i * 31 + number * 7) % 900).toList();
  }

  private static ErrorCode failure(CompletableFuture<Answer> answer) {
    ExecutionException failed =
        catchThrowableOfType(
            ExecutionException.class, () -> answer.get(LIMIT.toSeconds(), TimeUnit.SECONDS));
    assertThat(failed).as("the answer failed").isNotNull();
    assertThat(failed).hasCauseInstanceOf(BatonException.class);
    return ((BatonException) failed.getCause()).code();
  }

  /**
   * A worker that comes back may still change its epoch: errors are borne, other tokens are not.
   */
  private static void assertServes() {
    Answer answer =
        Awaitility.await("an answer")
            .atMost(LIMIT)
            .ignoreExceptionsInstanceOf(BatonException.class)
            .until(() -> client.generate(request(prompt(0, 40), 8).build()), Objects::nonNull);
    assertThat(ids(answer)).isEqualTo(expected);
  }

  private static void awaitNothingHeld(BatonProcess worker) {
    Awaitility.await("nothing is held by " + worker.pid())
        .atMost(LIMIT)
        .untilAsserted(() -> {
          assertThat(SystemCluster.blocksUsed(worker)).isZero();
          assertThat(SystemCluster.metric(worker, "baton_running_requests")).isZero();
          assertThat(SystemCluster.metric(worker, "baton_queue_requests")).isZero();
          if (worker == cluster.decode()) {
            assertThat(SystemCluster.metric(worker, "baton_handoffs_active")).isZero();
          }
        });
  }

  private static List<String> sockets() throws IOException {
    try (Stream<Path> all = Files.walk(cluster.temporary())) {
      return all.map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".sock"))
          .toList();
    }
  }

  /** Ours, by their names; empty where there is no such directory. */
  private static Stream<String> files(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return Stream.of();
    }
    try (Stream<Path> all = Files.list(directory)) {
      return all
          .filter(file -> file.getFileName().toString().startsWith("baton"))
          .map(Path::toString)
          .toList()
          .stream();
    }
  }
}
