package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Member;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.transport.Connections;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.sampling.Sampling;
import dev.baton.model.weights.WeightDtype;
import dev.baton.prefill.Worker.Call;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillPhase;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.SampledToken;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole worker over loopback gRPC and a real ZooKeeper; a {@link Peer} takes the blocks in. */
class PrefillWorkerTest {
  private static final Sampling SAMPLED = new Sampling(0.9, 40, 0.95, 0.01, 1.2, 0.4, 0.3, 7);
  private static final int BLOCKS = 64;

  @TempDir static Path directory;

  private static final AtomicLong HANDOFFS = new AtomicLong();
  private static EmbeddedZooKeeper zookeeper;
  private static Path model;
  private static Engine reference;
  private static Peer peer;
  private static Worker worker;

  @BeforeAll
  static void start() {
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
    model = directory.resolve("model");
    RandomModel.write(
        model, new RandomModel.Shape(2, 64, 96, 4, 2, 512, 1024, true, WeightDtype.BF16), 5);
    reference = CpuEngine.load(ModelDirectory.open(model), 16, 1);
    peer = new Peer(reference);
    worker = Worker.onModel(Worker.config(zookeeper, "p-1", BLOCKS), model, reference);
  }

  @AfterAll
  static void stop() {
    worker.awaitNothingHeld();
    worker.close();
    peer.close();
    reference.close();
    zookeeper.close();
  }

  static Stream<Arguments> prompts() {
    return IntStream.of(1, 15, 16, 17, 100, 100, 17)
        .boxed()
        .flatMap(length ->
            Stream.of(
                Arguments.of(length, 1, Sampling.greedy()), Arguments.of(length, 3, SAMPLED)));
  }

  @ParameterizedTest(name = "{0} tokens, {1} choices")
  @MethodSource("prompts")
  void blocksAndFirstTokensAreThoseOfASingleEngine(int length, int choices, Sampling sampling) {
    int[] prompt = prompt(length, 0);
    long handoff = HANDOFFS.incrementAndGet();
    CompletableFuture<Peer.Arrival> arrival = peer.expect(handoff, worker.keys(prompt));

    PrefillDone done =
        worker
            .call(worker.request(prompt, choices, sampling, handoff, peer.target()).setLogprobs(3))
            .result();

    assertThat(arrival.join().blocks()).usingRecursiveComparison().isEqualTo(plainBlocks(prompt));
    assertThat(arrival.join().firstTokens()).isEqualTo(plainFirst(prompt, choices, sampling, 3));
    assertThat(done.getCachedTokens() + done.getComputedTokens()).isEqualTo(length);
    assertThat(done.getComputedTokens()).isPositive();
    assertThat(done.getComputeUs()).isPositive();
    assertThat(done.getPushUs()).isPositive();
    worker.awaitNothingHeld();
  }

  @Test
  void secondPromptReusesWhatTheFirstLeftInTheCache() {
    assertThat(push(prompt(100, 77)).getCachedTokens()).isZero();

    PrefillDone second = push(prompt(130, 77));

    assertThat(second.getCachedTokens()).isEqualTo(96);
    assertThat(second.getComputedTokens()).isEqualTo(34);
  }

  private static PrefillDone push(int[] prompt) {
    long handoff = HANDOFFS.incrementAndGet();
    peer.expect(handoff, worker.keys(prompt));
    return worker
        .call(worker.request(prompt, 1, Sampling.greedy(), handoff, peer.target()))
        .result();
  }

  @Test
  void manyRequestsOfMixedLengthsAreAllServedInOneSmallPool() {
    Worker.Call[] calls = new Call[32];
    List<CompletableFuture<Peer.Arrival>> arrivals = new ArrayList<>();
    try (Worker busy =
        Worker.onModel(
            Worker.config(zookeeper, "p-busy", 24, 64, Duration.ofSeconds(30), Optional.empty()),
            model,
            reference)) {
      for (int i = 0; i < calls.length; i++) {
        int[] prompt = prompt(1 + (i * 37) % 200, i);
        long handoff = HANDOFFS.incrementAndGet();
        arrivals.add(peer.expect(handoff, busy.keys(prompt)));
        calls[i] = busy.call(busy.request(prompt, 1, SAMPLED, handoff, peer.target()));
      }
      for (int i = 0; i < calls.length; i++) {
        calls[i].result();
        int[] prompt = prompt(1 + (i * 37) % 200, i);
        assertThat(arrivals.get(i).join().firstTokens())
            .isEqualTo(plainFirst(prompt, 1, SAMPLED, -1));
      }
      busy.awaitNothingHeld();
      assertThat(busy.metric("baton.requests", "outcome", "completed")).isEqualTo(32);
    }
  }

  @Test
  void refusedHandoffIsATypedErrorAndFreesEverything() {
    Call call = worker.call(worker.request(prompt(40, 1), 1, SAMPLED, 9999, peer.target()));

    BatonException why = BatonException.from(call.failure());

    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_HANDOFF_REFUSED);
    assertThat(why.getMessage()).contains("UNKNOWN_TICKET");
    worker.awaitNothingHeld();
  }

  @Test
  void unreachableTargetIsATypedErrorAndFreesEverything() {
    Call call = worker.call(worker.request(prompt(40, 1), 1, SAMPLED, 9999, "127.0.0.1:1"));

    assertThat(BatonException.from(call.failure()).code())
        .isEqualTo(ErrorCode.ERROR_CODE_WORKER_LOST);
    worker.awaitNothingHeld();
  }

  @Test
  void membershipSaysWhatTheWorkerServes() {
    try (ClusterConnection connection =
            ClusterConnection.open(
                zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
        WorkerDirectory members = new WorkerDirectory(connection)) {
      members.start();
      Member member =
          members.members().stream().filter(m -> m.id().equals("p-1")).findFirst().orElseThrow();

      assertThat(member.epoch()).isEqualTo(worker.worker.epoch()).isPositive();
      assertThat(member.registration().getRole()).isEqualTo(WorkerRole.WORKER_ROLE_PREFILL);
      assertThat(member.registration().getControlEndpoint())
          .isEqualTo(worker.worker.endpoints().control());
      assertThat(member.registration().getModels(0).getLineage())
          .isEqualTo(reference.lineage().hex());
      assertThat(member.registration().getBlocks()).isEqualTo(BLOCKS);
    }
  }

  @Test
  void metricsPageShowsBlocksTokensAndRequests() throws Exception {
    push(prompt(20, 5));
    try (HttpClient client = HttpClient.newHttpClient()) {
      String page =
          client
              .send(
                  HttpRequest.newBuilder(URI.create(worker.worker.endpoints().admin() + "/metrics"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body();

      assertThat(page)
          .contains(
              "baton_blocks{",
              "baton_queue_requests{",
              "baton_running_requests{",
              "baton_prefill_tokens_total{",
              "source=\"computed\"",
              "baton_step_seconds_bucket{",
              "baton_requests_total{",
              "outcome=\"completed\"");
    }
  }

  @Test
  void callerThatLeavesWhileTheJobWaitsComputesOrPushesLeavesNothing() throws Exception {
    ChainEngine engine = new ChainEngine();
    Gate gate = new Gate();
    try (SilentPeer silent = new SilentPeer();
        Worker chain = Worker.start(Worker.config(zookeeper, "p-cancel", 20), engine)) {
      Call pushing = chain.call(chain.request(small(30, 1), 1, SAMPLED, 1, silent.target()));
      silent.accepted.acquire();
      engine.beforeStep(gate);
      Call computing = chain.call(chain.request(small(200, 2), 1, SAMPLED, 2, silent.target()));
      gate.awaitArrival();
      Call waitingForRoom =
          chain.call(chain.request(small(160, 3), 1, SAMPLED, 3, silent.target()));
      Call queued = chain.call(chain.request(small(16, 4), 1, SAMPLED, 4, silent.target()));
      Awaitility.await().until(() -> chain.metric("baton.queue.requests") == 2);
      assertThat(chain.metric("baton.running.requests")).isEqualTo(2);

      queued.cancel();
      waitingForRoom.cancel();
      Awaitility.await().until(() -> chain.metric("baton.queue.requests") == 0);
      computing.cancel();
      pushing.cancel();
      silent.cancelled.acquire();
      gate.open();

      chain.awaitNothingHeld();
      Awaitility.await().until(() -> chain.metric("baton.requests", "outcome", "cancelled") == 4);
    }
  }

  @Test
  void deadlineEndsAJobInEveryPhase() {
    ChainEngine engine = new ChainEngine();
    Gate gate = new Gate();
    Duration soon = Duration.ofSeconds(2); // but not before each is in its phase
    try (SilentPeer silent = new SilentPeer();
        Worker chain = Worker.start(Worker.config(zookeeper, "p-deadline", 20), engine)) {
      Call pushing = chain.call(chain.request(small(30, 1), 1, SAMPLED, 1, silent.target()), soon);
      silent.accepted.acquireUninterruptibly();
      engine.beforeStep(gate);
      Call computing =
          chain.call(chain.request(small(200, 2), 1, SAMPLED, 2, silent.target()), soon);
      gate.awaitArrival();
      Call queued = chain.call(chain.request(small(16, 4), 1, SAMPLED, 4, silent.target()), soon);

      for (Call call : List.of(pushing, computing, queued)) {
        assertThat(BatonException.from(call.failure()).code())
            .isEqualTo(ErrorCode.ERROR_CODE_DEADLINE_EXCEEDED);
      }
      gate.open();
      chain.awaitNothingHeld();
    }
  }

  @Test
  void progressComesAtLeastOnceASecondWhileTheEngineIsBusy() throws Exception {
    ChainEngine engine = new ChainEngine();
    Gate gate = new Gate();
    engine.beforeStep(gate);
    try (SilentPeer silent = new SilentPeer();
        Worker chain = Worker.start(Worker.config(zookeeper, "p-progress", 20), engine)) {
      Call call = chain.call(chain.request(small(20, 1), 1, SAMPLED, 1, silent.target()));
      gate.awaitArrival();
      call.awaitPhase(PrefillPhase.PREFILL_PHASE_COMPUTING);
      assertThat(call.events.poll(1, TimeUnit.SECONDS)).isNotNull();
      assertThat(call.events.poll(1, TimeUnit.SECONDS)).isNotNull();
      gate.open();
      call.awaitPhase(PrefillPhase.PREFILL_PHASE_PUSHING);
      call.cancel();
      chain.awaitNothingHeld();
    }
  }

  @Test
  void closingFailsWhatIsLeftWithDrainingAndLeavesTheCluster() throws Exception {
    ChainEngine engine = new ChainEngine();
    try (SilentPeer silent = new SilentPeer();
        ClusterConnection connection =
            ClusterConnection.open(
                zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
        WorkerDirectory members = new WorkerDirectory(connection)) {
      members.start();
      Worker chain = Worker.start(Worker.config(zookeeper, "p-drain", 20), engine);
      Call call = chain.call(chain.request(small(20, 1), 1, SAMPLED, 1, silent.target()));
      silent.accepted.acquire();

      chain.worker.close();

      assertThat(BatonException.from(call.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
      Awaitility.await()
          .until(() -> members.members().stream().noneMatch(m -> m.id().equals("p-drain")));
      chain.close();
    }
  }

  @Test
  void startThatFailsClosesWhatItOpened() throws Exception {
    ChainEngine engine = new ChainEngine();
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      PrefillWorker.Config config =
          new PrefillWorker.Config(
              new WorkerConfig(
                  "p-taken",
                  "test-model",
                  zookeeper.connectString(),
                  "127.0.0.1",
                  taken.getLocalPort(),
                  0,
                  0,
                  AdvertisedEndpoints.asBound(),
                  "default",
                  20,
                  4,
                  Duration.ofSeconds(30),
                  DrainLimits.of(Duration.ZERO),
                  Duration.ofSeconds(10)),
              64,
              Optional.empty(),
              Connections.Wire.ANY,
              PrefillWorker.Config.DEFAULT_KV_STREAMS);

      assertThatThrownBy(() -> PrefillWorker.start(config, engine, Optional.empty()))
          .isInstanceOf(StartException.class)
          .hasMessageContaining(Integer.toString(taken.getLocalPort()));
    }
    assertThat(engine.isClosed()).isTrue();
    assertThat(Thread.getAllStackTraces().keySet())
        .filteredOn(thread -> thread.getName().equals("prefill-loop"))
        .as("the loop of the worker under test, and no other")
        .hasSize(1);
  }

  private static int[] prompt(int length, int seed) {
    return IntStream.range(0, length).map(i -> (i * 31 + seed * 101 + 9) % 500).toArray();
  }

  private static int[] small(int length, int seed) {
    return IntStream.of(prompt(length, seed)).map(t -> t % ChainEngine.VOCABULARY).toArray();
  }

  private static List<byte[]> plainBlocks(int[] prompt) {
    return plain(prompt, new float[reference.vocabulary()]);
  }

  private static List<SampledToken> plainFirst(
      int[] prompt, int choices, Sampling sampling, int logprobs) {
    float[] logits = new float[reference.vocabulary()];
    plain(prompt, logits);
    TokenHistory history = new TokenHistory(prompt);
    return IntStream.range(0, choices)
        .mapToObj(choice ->
            Sampler.sample(logits, sampling, history, prompt.length, choice, logprobs).toProto())
        .toList();
  }

  /** One engine, one step, nothing shared. */
  private static synchronized List<byte[]> plain(int[] prompt, float[] logits) {
    try (BlockPool pool = new BlockPool(reference.layout(), BLOCKS)) {
      List<Block> blocks = pool.tryReserve(reference.layout().blocksFor(prompt.length));
      reference.run(List.of(new Span(prompt, 0, blocks, logits)));
      List<byte[]> bytes =
          blocks.stream().map(block -> block.bytes().toArray(ValueLayout.JAVA_BYTE)).toList();
      pool.release(blocks);
      return bytes;
    }
  }
}
