package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.engine.cpu.CpuEngine;
import dev.baton.model.ModelDirectory;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.TokenIds;
import dev.baton.proto.v1.Usage;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A prompt is prefilled on one process, decoded on another, and nobody can tell from the tokens.
 */
class EndToEndIT {
  private static final JsonMapper JSON = JsonMapper.builder().build();
  private static final Sampling SAMPLED = new Sampling(0.9, 50, 0.95, 0.01, 1.1, 0.2, 0.1, 4711);

  private static SystemCluster cluster;
  private static CpuEngine engine;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() {
    cluster = SystemCluster.shared();
    engine = CpuEngine.load(ModelDirectory.open(cluster.modelDirectory()), 16, 2);
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", cluster.grpcPort()).usePlaintext().build();
  }

  @AfterAll
  static void stop() {
    channel.shutdownNow();
    engine.close();
  }

  @AfterEach
  void nothingLeaks() {
    Awaitility.await("blocks in use return to zero")
        .atMost(Duration.ofSeconds(10))
        .until(() ->
            SystemCluster.blocksUsed(cluster.prefill()) == 0
                && SystemCluster.blocksUsed(cluster.decode()) == 0);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 15, 16, 17, 300, 1000})
  void greedyStreamEqualsASingleProcessBitForBit(int length) {
    int[] prompt = prompt(length, length);

    Answer answer = generate(request(prompt, Sampling.greedy(), 40, 1));

    assertThat(answer.tokens(0))
        .isEqualTo(new SingleProcessRun(engine).tokens(prompt, Sampling.greedy(), 0, 40));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 33, 500})
  void sampledStreamsWithPenaltiesEqualASingleProcessBitForBit(int length) {
    int[] prompt = prompt(length, 1000 + length);

    Answer answer = generate(request(prompt, SAMPLED, 40, 3));

    for (int choice = 0; choice < 3; choice++) {
      assertThat(answer.tokens(choice))
          .as("choice %d", choice)
          .isEqualTo(new SingleProcessRun(engine).tokens(prompt, SAMPLED, choice, 40));
    }
  }

  @Test
  void grpcAndHttpGiveTheSameTokens() {
    int[] prompt = prompt(120, 5);
    Answer overGrpc = generate(request(prompt, SAMPLED, 30, 1));

    JsonNode overHttp = complete(prompt, SAMPLED, 30);

    assertThat(overHttp.at("/choices/0/text").asString()).isEqualTo(overGrpc.text(0));
    assertThat(overHttp.at("/usage/completion_tokens").asInt()).isEqualTo(30);
  }

  @Test
  void sixtyFourConcurrentStreamsEachEqualASingleProcess() throws Exception {
    List<Callable<Answer>> calls = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      int[] prompt = prompt(10 + 7 * i, i);
      calls.add(() -> generate(request(prompt, SAMPLED, 32, 1)));
    }

    List<Answer> answers = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<Answer> each : threads.invokeAll(calls)) {
        answers.add(each.get());
      }
    }

    for (int i = 0; i < 64; i++) {
      assertThat(answers.get(i).tokens(0))
          .as("stream %d", i)
          .isEqualTo(new SingleProcessRun(engine).tokens(prompt(10 + 7 * i, i), SAMPLED, 0, 32));
    }
  }

  @Test
  void secondTurnComputesOnlyWhatIsNew() {
    int[] first = prompt(200, 77);
    Answer turn = generate(request(first, Sampling.greedy(), 40, 1));
    int[] second =
        IntStream.concat(
                IntStream.concat(
                    IntStream.of(first), turn.tokens(0).stream().mapToInt(Integer::intValue)),
                IntStream.of(prompt(20, 78)))
            .toArray();

    Answer next = generate(request(second, Sampling.greedy(), 40, 1));

    // 200 / 16 full blocks were read on the prefill worker; the decode worker holds those and the
    // answer's, which the prefill worker fetches from it where that is faster than computing.
    int pulled = next.usage().getRoute().getPulledTokens();
    assertThat(pulled).isIn(0, 32);
    assertThat(next.usage().getCachedTokens()).isEqualTo(192 + pulled);
    assertThat(next.usage().getRoute().getBlocksPresent()).isEqualTo((200 + 39) / 16);
    assertThat(next.usage().getRoute().getBlocksMoved()).isEqualTo(17 - (200 + 39) / 16);
    assertThat(next.tokens(0))
        .isEqualTo(new SingleProcessRun(engine).tokens(second, Sampling.greedy(), 0, 40));
  }

  @Test
  void accountNamesTwoWorkersAndWhatCrossedBetweenThem() {
    Usage usage = generate(request(prompt(100, 900), Sampling.greedy(), 5, 1)).usage();

    assertThat(usage.getPromptTokens()).isEqualTo(100);
    assertThat(usage.getCompletionTokens()).isEqualTo(5);
    assertThat(usage.getRoute().getPrefillWorker()).isEqualTo("p-1");
    assertThat(usage.getRoute().getDecodeWorker()).isEqualTo("d-1");
    assertThat(usage.getRoute().getBlocksMoved()).isEqualTo(7);
    assertThat(usage.getRoute().getBytesMoved()).isEqualTo(7L * engine.layout().blockBytes());
  }

  @Test
  void oneTokenAnswerIsOneToken() {
    Answer answer = generate(request(prompt(50, 3), Sampling.greedy(), 1, 1));

    assertThat(answer.tokens(0))
        .isEqualTo(new SingleProcessRun(engine).tokens(prompt(50, 3), Sampling.greedy(), 0, 1));
    assertThat(answer.usage().getCompletionTokens()).isEqualTo(1);
  }

  @Test
  void tenantsNeverShareBlocks() {
    int[] prompt = prompt(160, 4242);
    complete(prompt, Sampling.greedy(), 2, "tenant-one");

    JsonNode same = complete(prompt, Sampling.greedy(), 2, "tenant-one");
    JsonNode other = complete(prompt, Sampling.greedy(), 2, "tenant-two");

    assertThat(same.at("/usage/prompt_tokens_details/cached_tokens").asInt()).isEqualTo(144);
    assertThat(other.at("/usage/prompt_tokens_details/cached_tokens").asInt()).isZero();
  }

  private static int[] prompt(int length, long seed) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    // Ordinary tokens only: the special ones stand at the vocabulary's end.
    return random.ints(length, 0, SystemCluster.SMALL.vocabulary() - 16).toArray();
  }

  private static GenerateRequest request(int[] prompt, Sampling sampling, int max, int choices) {
    return GenerateRequest.newBuilder()
        .setModel(cluster.model())
        .setTokens(TokenIds.newBuilder().addAllIds(IntStream.of(prompt).boxed().toList()))
        .setSampling(sampling.toProto())
        .setMaxTokens(max)
        .setChoices(choices)
        .setIgnoreEos(true)
        .build();
  }

  private static Answer generate(GenerateRequest request) {
    List<GenerateResponse> events = new ArrayList<>();
    Iterator<GenerateResponse> stream =
        GenerationServiceGrpc.newBlockingStub(channel).generate(request);
    stream.forEachRemaining(events::add);
    return new Answer(events);
  }

  private static JsonNode complete(int[] prompt, Sampling sampling, int max, String... apiKey) {
    return JSON.readTree(
        cluster.post("/v1/completions", completion(prompt, sampling, max), apiKey).body());
  }

  private static String completion(int[] prompt, Sampling sampling, int max) {
    return JSON.writeValueAsString(
        JSON.createObjectNode()
            .put("model", cluster.model())
            .put("max_tokens", max)
            .put("temperature", sampling.temperature())
            .put("top_k", sampling.topK())
            .put("top_p", sampling.topP())
            .put("min_p", sampling.minP())
            .put("repetition_penalty", sampling.repetitionPenalty())
            .put("presence_penalty", sampling.presencePenalty())
            .put("frequency_penalty", sampling.frequencyPenalty())
            .put("seed", sampling.seed())
            .put("ignore_eos", true)
            .set("prompt", JSON.valueToTree(prompt)));
  }

  /** All events of one call. */
  private record Answer(List<GenerateResponse> events) {
    List<Integer> tokens(int choice) {
      return deltas(choice).stream()
          .flatMap(delta -> delta.getTokensList().stream())
          .map(SampledToken::getId)
          .toList();
    }

    String text(int choice) {
      return String.join("", deltas(choice).stream().map(Delta::getText).toList());
    }

    Usage usage() {
      return events.getLast().getUsage();
    }

    private List<Delta> deltas(int choice) {
      return events.stream()
          .filter(GenerateResponse::hasDelta)
          .map(GenerateResponse::getDelta)
          .filter(delta -> delta.getChoice() == choice)
          .toList();
    }
  }
}
