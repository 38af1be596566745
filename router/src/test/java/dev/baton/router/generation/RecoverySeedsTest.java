package dev.baton.router.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.Sampling;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.FakePrefill;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.TestModel;
import dev.baton.router.tenant.Tenant;
import io.grpc.Status;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Workers whose next token depends on everything before it fail at random moments, in random ways:
 * what the listener hears is always what it hears of a request that lost nobody. A request's number
 * is its seed.
 */
class RecoverySeedsTest {
  private static final int REQUESTS = 150;
  private static final int MOST_FAULTS = 10;
  private static final Duration STALL = Duration.ofMillis(700);

  private final House house =
      new House(
          new GenerationLimits(
              32, Duration.ofMinutes(2), STALL, new RecoveryLimits(100, Duration.ofSeconds(20))));
  private final List<FakePrefill> readers =
      List.of(house.prefill, new FakePrefill("p2"), new FakePrefill("p3"));
  private final List<FakeDecode> writers =
      List.of(house.decode, new FakeDecode("d2"), new FakeDecode("d3"));
  private final Map<String, Plan> plans = new ConcurrentHashMap<>();
  private final Map<Long, Writing> writing = new ConcurrentHashMap<>();
  private final List<DecodeProbe> decodes = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() {
    house.close();
    readers.forEach(FakePrefill::close);
    writers.forEach(FakeDecode::close);
  }

  /** What goes wrong with one request. */
  private static final class Plan {
    private final Random random;
    private int faults;

    Plan(long seed) {
      random = new Random(seed);
    }

    /** A number below this; whatever is below the chance, in percent, means a fault. */
    synchronized boolean fault(int chance) {
      boolean strikes = faults < MOST_FAULTS && random.nextInt(100) < chance;
      faults += strikes ? 1 : 0;
      return strikes;
    }

    synchronized int below(int bound) {
      return random.nextInt(bound);
    }
  }

  /** A decode call whose KV is to come. */
  private record Writing(DecodeProbe call, CountDownLatch arrived) {}

  /** The next token: another one for every other history. */
  private static int next(List<Integer> prompt, long seed, int choice, List<Integer> answer) {
    long state = seed * 31 + choice;
    for (int token : prompt) {
      state = state * 1_000_003 + token + 1;
    }
    for (int token : answer) {
      state = state * 1_000_003 + token + 7;
    }
    state ^= state >>> 29;
    state *= 0xBF58476D1CE4E5B9L;
    state ^= state >>> 32;
    return ALPHABET.get((int) Math.floorMod(state, ALPHABET.size()));
  }

  private static final List<Integer> ALPHABET =
      Stream.of("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
          .flatMap(letter -> TestModel.tokens(letter).stream())
          .toList();

  private static void fail(Plan plan, java.util.function.Consumer<Throwable> call) {
    switch (plan.below(4)) {
      case 0 -> call.accept(Status.UNAVAILABLE.asRuntimeException());
      case 1 -> call.accept(BatonException.draining().toStatus("r"));
      case 2 -> call.accept(BatonException.handoffRefused("CHECKSUM").toStatus("r"));
      default -> call.accept(Status.INTERNAL.withDescription("damaged").asRuntimeException());
    }
  }

  private void decode(DecodeProbe call) {
    decodes.add(call);
    DecodeRequest asked = call.request();
    Plan plan = plans.get(asked.getRequestId());
    if (plan.fault(10)) {
      fail(plan, call::fail);
      return;
    }
    Writing mine = new Writing(call, new CountDownLatch(1));
    writing.put(asked.getTicket().getHandoffId(), mine);
    call.reserved();
    if (plan.fault(10)) {
      fail(plan, call::fail);
      return;
    }
    while (!came(mine.arrived())) {
      if (call.isCancelled()) {
        return;
      }
      call.waiting();
    }
    call.kvArrived(1, 0, 1);
    write(call, plan);
  }

  private static boolean came(CountDownLatch latch) {
    try {
      return latch.await(50, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void write(DecodeProbe call, Plan plan) {
    DecodeRequest asked = call.request();
    int resumed = asked.getResumedTokens();
    List<Integer> all = asked.getPromptTokensList();
    List<Integer> prompt = all.subList(0, all.size() - resumed);
    List<List<Integer>> answers =
        IntStream.range(0, asked.getChoices())
            .mapToObj(
                _ -> (List<Integer>) new ArrayList<>(all.subList(all.size() - resumed, all.size())))
            .toList();
    int left = plan.fault(40) ? plan.below(1 + asked.getMaxTokens() * asked.getChoices()) : -1;
    List<Integer> going = new ArrayList<>(IntStream.range(0, answers.size()).boxed().toList());
    while (!going.isEmpty()) {
      int which = going.get(plan.below(going.size()));
      if (left-- == 0) {
        if (plan.below(6) == 0) {
          // It keeps silent until it is given up.
          return;
        }
        if (plan.below(4) == 0) {
          call.complete();
        } else {
          fail(plan, call::fail);
        }
        return;
      }
      List<Integer> answer = answers.get(which);
      int choice = asked.getFirstChoice() + which;
      int token = next(prompt, asked.getSampling().getSeed(), choice, answer);
      answer.add(token);
      call.tokens(choice, List.of(token));
      boolean stops = asked.getStopTokenIdsList().contains(token);
      if (stops || answer.size() - resumed == asked.getMaxTokens()) {
        going.remove((Integer) which);
        if (left == 0 && plan.below(2) == 0) {
          fail(plan, call::fail);
          return;
        }
        call.finished(
            choice, stops ? FinishReason.FINISH_REASON_STOP : FinishReason.FINISH_REASON_LENGTH);
      }
    }
    call.complete();
  }

  private void prefill(PrefillProbe call) {
    Plan plan = plans.get(call.request().getRequestId());
    call.progress();
    if (plan.fault(20)) {
      fail(plan, call::fail);
      return;
    }
    if (plan.fault(3)) {
      return;
    }
    writing.get(call.request().getTicket().getHandoffId()).arrived().countDown();
    if (plan.fault(10)) {
      fail(plan, call::fail);
      return;
    }
    call.done(0);
  }

  /** What a request is, and what an undisturbed run of it gives. */
  private record Case(int number, GenerateRequest asked) {
    static Case of(int number) {
      Random random = new Random(number);
      GenerateRequest.Builder asked =
          GenerateRequest.newBuilder()
              .setText("prompt " + number)
              .setRequestId("seed-" + number)
              .setChoices(1 + random.nextInt(3))
              .setMaxTokens(1 + random.nextInt(25))
              .setIgnoreEos(true)
              .setSampling(Sampling.newBuilder().setSeed(number));
      if (random.nextInt(2) == 0) {
        asked.addStopTokenIds(ALPHABET.get(random.nextInt(ALPHABET.size())));
      }
      if (random.nextInt(2) == 0) {
        asked.addStop("" + (char) ('a' + random.nextInt(10)) + (char) ('a' + random.nextInt(10)));
      }
      return new Case(number, asked.build());
    }

    private List<Integer> tokens(int choice) {
      List<Integer> prompt =
          java.util.Arrays.stream(TestModel.model().tokenizer().encode(asked.getText(), true))
              .boxed()
              .toList();
      List<Integer> answer = new ArrayList<>();
      StringBuilder text = new StringBuilder();
      while (answer.size() < asked.getMaxTokens()) {
        int token = next(prompt, number, choice, answer);
        answer.add(token);
        if (asked.getStopTokenIdsList().contains(token)) {
          break;
        }
        text.append(letter(token));
        if (asked.getStopCount() > 0 && text.indexOf(asked.getStop(0)) >= 0) {
          break;
        }
      }
      return answer;
    }

    private String text(int choice) {
      StringBuilder text = new StringBuilder();
      for (int token : tokens(choice)) {
        text.append(asked.getStopTokenIdsList().contains(token) ? "" : letter(token));
      }
      int stop = asked.getStopCount() == 0 ? -1 : text.indexOf(asked.getStop(0));
      return stop < 0 ? text.toString() : text.substring(0, stop);
    }

    private static char letter(int token) {
      return (char) ('a' + ALPHABET.indexOf(token));
    }

    void assertHeard(Heard heard) throws InterruptedException {
      int completion = heard.usage().getCompletionTokens();
      int total = 0;
      for (int choice = 0; choice < asked.getChoices(); choice++) {
        int each = choice;
        List<Integer> ids =
            heard.all(Delta.class).stream()
                .filter(delta -> delta.getChoice() == each)
                .flatMap(delta -> delta.getTokensList().stream())
                .map(SampledToken::getId)
                .toList();
        assertThat(ids)
            .as("seed %d, tokens of choice %d", number, choice)
            .isEqualTo(tokens(choice));
        assertThat(heard.text(choice))
            .as("seed %d, text of choice %d", number, choice)
            .isEqualTo(text(choice));
        total += ids.size();
      }
      assertThat(heard.all(Finished.class)).as("seed %d", number).hasSize(asked.getChoices());
      assertThat(completion).as("seed %d", number).isEqualTo(total);
      assertThat(heard.ends()).as("seed %d", number).isEqualTo(1);
    }
  }

  @Test
  void everyStreamIsThatOfAnUndisturbedRunAndEverythingIsGivenBack() throws Exception {
    house.workers.members(
        Stream.concat(
                readers.stream().map(FakePrefill::member), writers.stream().map(FakeDecode::member))
            .toList());
    readers.forEach(each -> each.script(this::prefill));
    writers.forEach(each -> each.script(this::decode));
    List<Case> cases = IntStream.range(0, REQUESTS).mapToObj(Case::of).toList();
    List<Heard> heard = new ArrayList<>();
    for (Case each : cases) {
      plans.put(each.asked().getRequestId(), new Plan(each.number()));
      Heard listener = new Heard();
      heard.add(listener);
      house.generations.start(
          GenerationRequest.of(each.asked(), Tenant.ANONYMOUS, "grpc", Optional.empty()), listener);
      if (each.number() % 40 == 39) {
        await().atMost(60, TimeUnit.SECONDS).until(() -> heard.stream().allMatch(Heard::isOver));
      }
    }

    for (int i = 0; i < REQUESTS; i++) {
      cases.get(i).assertHeard(heard.get(i));
    }
    assertThat(house.generations.running()).isZero();
    assertThat(house.workers.view().prefill())
        .allSatisfy(each -> assertThat(each.ownTokens()).isZero());
    assertThat(house.workers.view().decode())
        .allSatisfy(each -> assertThat(each.ownRequests()).isZero());
    assertThat(decodes.size()).as("requests went on elsewhere").isGreaterThan(REQUESTS * 3 / 2);
  }
}
