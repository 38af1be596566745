package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Member;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.engine.Engine;
import dev.baton.engine.cpu.CpuEngine;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.sampling.Sampling;
import dev.baton.model.weights.WeightDtype;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.proto.v1.FinishReason;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The whole worker on the CPU engine: its answers are those of a plain run, bit for bit. */
class DecodeWorkerTest {
  private static final Sampling SAMPLED = new Sampling(0.9, 40, 0.95, 0.01, 1.2, 0.4, 0.3, 7);
  private static final int CONTEXT = 1024;
  private static final int BLOCKS = 96;

  @TempDir static Path directory;

  private static EmbeddedZooKeeper zookeeper;
  private static Engine reference;
  private static Worker worker;

  @BeforeAll
  static void start() {
    zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
    Path model = directory.resolve("model");
    RandomModel.write(
        model, new RandomModel.Shape(2, 64, 96, 4, 2, 512, CONTEXT, true, WeightDtype.BF16), 5);
    reference = CpuEngine.load(ModelDirectory.open(model), 16, 1);
    worker = Worker.onModel(Worker.config(zookeeper, "d-1", BLOCKS, 4), model, reference);
  }

  @AfterAll
  static void stop() {
    worker.close();
    reference.close();
    zookeeper.close();
  }

  @AfterEach
  void nothingIsHeld() {
    worker.awaitNothingHeld();
  }

  static Stream<Arguments> prompts() {
    return IntStream.of(1, 15, 16, 17, 100, 100, 17)
        .boxed()
        .flatMap(length ->
            Stream.of(
                Arguments.of(length, 1, Sampling.greedy()),
                Arguments.of(length, 1, SAMPLED),
                Arguments.of(length, 3, SAMPLED)));
  }

  @ParameterizedTest(name = "{0} tokens, {1} choices, {2}")
  @MethodSource("prompts")
  void answersAreThoseOfASingleEngine(int length, int choices, Sampling sampling) {
    Ask ask = new Ask(prompt(length, 0), choices, sampling, 40, List.of(), 2);

    Call call = worker.decode(ask);

    assertEqualsPlain(call);
    assertThat(call.finished).hasSize(choices);
  }

  private static void assertEqualsPlain(Call call) {
    Ask ask = call.ask;
    for (int choice = 0; choice < ask.choices(); choice++) {
      assertThat(call.tokens.get(choice))
          .isEqualTo(
              PlainRun.answer(
                  reference,
                  ask.prompt(),
                  ask.sampling(),
                  choice,
                  ask.maxTokens(),
                  Set.copyOf(ask.stops()),
                  ask.top()));
    }
  }

  static Stream<Integer> cuts() {
    return Stream.of(1, 5, 16, 39);
  }

  @ParameterizedTest(name = "after {0} tokens")
  @MethodSource("cuts")
  void anAnswerThatWasBegunElsewhereGoesOnAsIfItHadNotBeen(int cut) {
    Ask whole = new Ask(prompt(30, 9), 1, SAMPLED, 40, List.of(), 2);
    var undisturbed = PlainRun.answer(reference, whole.prompt(), SAMPLED, 2, 40, Set.of(), 2);
    int[] begun =
        IntStream.concat(
                IntStream.of(whole.prompt()),
                undisturbed.stream().limit(cut).mapToInt(token -> token.getId()))
            .toArray();
    Ask rest = new Ask(begun, 1, SAMPLED, 40 - cut, List.of(), 2);
    Call call = new Call(rest, 0);

    worker.send(
        worker.request(rest, 0).clearTicket().setFirstChoice(2).setResumedTokens(cut), call);

    call.result();
    assertThat(call.tokens.get(2)).isEqualTo(undisturbed.subList(cut, 40));
    assertThat(call.finished).isEqualTo(Map.of(2, FinishReason.FINISH_REASON_LENGTH));
  }

  @Test
  void secondTurnFindsPromptAndAnswerOfTheFirstInTheCache() {
    int[] prompt = prompt(40, 50);
    Call first = worker.decode(Ask.greedy(prompt, 30));
    assertThat(first.arrived().getBlocksPresent()).isZero();
    assertThat(first.arrived().getBlocksMoved()).isEqualTo(3);
    int[] secondPrompt =
        IntStream.concat(
                IntStream.concat(
                    IntStream.of(prompt), first.ids(0).stream().mapToInt(Integer::intValue)),
                IntStream.of(5, 6, 7))
            .toArray();

    Call second = worker.decode(Ask.greedy(secondPrompt, 20));

    // 69 positions were computed: the last token of the first answer was not.
    assertThat(second.reserved().getPresentBlocks()).isEqualTo(4);
    assertThat(second.arrived().getBlocksMoved()).isEqualTo(1);
    assertEqualsPlain(second);
  }

  @Test
  void promptThatIsHereWholeMovesNothingAndDecodesTheSame() {
    int[] prompt = prompt(64, 51);
    worker.decode(Ask.greedy(prompt, 5));

    Call again = worker.decode(new Ask(prompt, 3, SAMPLED, 20, List.of(), -1));

    assertThat(again.arrived().getBlocksPresent()).isEqualTo(4);
    assertThat(again.arrived().getBlocksMoved()).isZero();
    assertThat(again.arrived().getBytesMoved()).isZero();
    assertEqualsPlain(again);
  }

  @Test
  void stopTokenEndsItsChoiceAndIsDelivered() {
    int[] prompt = prompt(20, 52);
    List<Integer> free = ids(PlainRun.answer(reference, prompt, SAMPLED, 0, 30, Set.of(), -1));
    int stop = free.get(10);

    Call call = worker.decode(new Ask(prompt, 1, SAMPLED, 30, List.of(stop), -1));

    assertThat(call.ids(0)).isEqualTo(free.subList(0, free.indexOf(stop) + 1));
    assertThat(call.finished).isEqualTo(Map.of(0, FinishReason.FINISH_REASON_STOP));
  }

  @Test
  void firstTokenMayEndTheAnswer() {
    Call one = worker.decode(new Ask(prompt(33, 53), 3, SAMPLED, 1, List.of(), -1));

    assertThat(one.tokens.values()).allSatisfy(tokens -> assertThat(tokens).hasSize(1));
    assertThat(one.finished.values()).containsOnly(FinishReason.FINISH_REASON_LENGTH).hasSize(3);
    assertEqualsPlain(one);
  }

  @Test
  void contextEndsTheAnswerWithLength() {
    int[] prompt = prompt(CONTEXT - 6, 54);

    Call call = worker.decode(new Ask(prompt, 1, Sampling.greedy(), 1_000_000, List.of(), -1));

    assertThat(call.ids(0)).hasSize(6);
    assertThat(call.finished).isEqualTo(Map.of(0, FinishReason.FINISH_REASON_LENGTH));
    assertThat(call.ids(0))
        .isEqualTo(ids(PlainRun.answer(reference, prompt, Sampling.greedy(), 0, 6, Set.of(), -1)));
  }

  @Test
  void manyRequestsOfMixedLengthsWaitForRoomAndTurnAndAllEqualAPlainRun() {
    List<Call> calls = new ArrayList<>();
    List<Thread> pushes = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      Ask ask =
          new Ask(
              prompt(1 + (i * 37) % 150, i), 1 + i % 3, SAMPLED, 1 + (i * 7) % 30, List.of(), -1);
      pushes.add(
          Thread.startVirtualThread(() -> {
            Call call = callWhenThereIsPlace(ask);
            call.reserved();
            worker.push(call);
            call.result();
            synchronized (calls) {
              calls.add(call);
            }
          }));
    }
    pushes.forEach(DecodeWorkerTest::join);

    assertThat(calls).hasSize(32).allSatisfy(DecodeWorkerTest::assertEqualsPlain);
  }

  /** The queue of the worker under test holds four. */
  private static Call callWhenThereIsPlace(Ask ask) {
    while (true) {
      Call call = worker.call(ask);
      try {
        call.reserved();
        return call;
      } catch (RuntimeException e) {
        if (BatonException.from(call.failure()).retryAfterMs().isEmpty()) {
          throw e;
        }
      }
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void membershipSaysWhatTheWorkerServesAndWhereKvGoes() {
    try (ClusterConnection connection =
            ClusterConnection.open(
                zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
        WorkerDirectory members = new WorkerDirectory(connection)) {
      members.start();
      Member member =
          members.members().stream().filter(m -> m.id().equals("d-1")).findFirst().orElseThrow();

      assertThat(member.epoch()).isEqualTo(worker.worker.epoch()).isPositive();
      assertThat(member.registration().getRole()).isEqualTo(WorkerRole.WORKER_ROLE_DECODE);
      assertThat(member.registration().getKvEndpoint()).isEqualTo(worker.worker.endpoints().kv());
      assertThat(member.registration().getModels(0).getContextTokens()).isEqualTo(CONTEXT);
    }
  }

  @Test
  void metricsPageShowsBlocksTokensHandoffsAndRequests() throws Exception {
    worker.decode(Ask.greedy(prompt(20, 62), 5));
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
              "baton_decode_tokens_total{",
              "baton_step_seconds_bucket{",
              "baton_handoffs_active{",
              "baton_handoff_bytes_total{",
              "baton_requests_total{",
              "outcome=\"completed\"");
    }
  }

  private static List<Integer> ids(List<dev.baton.proto.v1.SampledToken> tokens) {
    return tokens.stream().map(dev.baton.proto.v1.SampledToken::getId).toList();
  }

  private static int[] prompt(int length, int seed) {
    return IntStream.range(0, length).map(i -> (i * 31 + seed * 101 + 9) % 500).toArray();
  }
}
