package dev.baton.harness.load;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.workload.Arrivals;
import dev.baton.harness.workload.Lengths;
import dev.baton.harness.workload.PromptText;
import dev.baton.harness.workload.WordCosts;
import dev.baton.harness.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class LoadGeneratorTest {
  private static final Duration DAY = Duration.ofDays(1);
  private static final PromptText TEXT = new PromptText(WordCosts.oneEach(), 1);

  private final VirtualPace pace = new VirtualPace();

  /** A server that does what a test says with each request. */
  private static final class FakeTarget implements Target {
    private final List<AnswerListener> requests = new ArrayList<>();
    private final Consumer<List<AnswerListener>> atEach;

    FakeTarget(Consumer<List<AnswerListener>> atEach) {
      this.atEach = atEach;
    }

    @Override
    public Prepared prepare(Ask ask) {
      return listener -> {
        requests.add(listener);
        atEach.accept(requests);
      };
    }

    @Override
    public FleetFacts fleet() {
      return FleetFacts.UNKNOWN;
    }

    @Override
    public boolean countsTokens() {
      return true;
    }

    @Override
    public void close() {}
  }

  private static void answer(AnswerListener listener) {
    listener.more(1, true);
    listener.finished();
    listener.completed();
  }

  private LoadGenerator.Run run(Target target, Arrivals arrivals, int requests, Duration sendFor)
      throws InterruptedException {
    Workload workload = Workload.plan(arrivals, new Lengths.Fixed(10, 5), requests, DAY);
    return new LoadGenerator(target, TEXT, workload, sendFor, pace).run();
  }

  private static List<Exchange> inOrder(LoadGenerator.Run run) {
    return run.exchanges().stream()
        .sorted(Comparator.comparing(each -> each.planned().index()))
        .toList();
  }

  @Test
  void aServerThatAnswersNothingUntilTheEndMovesNoDueTime() throws InterruptedException {
    Arrivals arrivals = new Arrivals.Poisson(10, 3);
    List<Long> planned =
        Workload.plan(arrivals, new Lengths.Fixed(10, 5), 50, DAY).requests().stream()
            .map(each -> each.atNanos())
            .toList();
    FakeTarget stalls =
        new FakeTarget(requests -> {
          if (requests.size() == 50) {
            requests.forEach(LoadGeneratorTest::answer);
          }
        });

    List<Exchange> exchanges = inOrder(run(stalls, arrivals, 50, DAY));

    assertThat(exchanges).extracting(Exchange::scheduled).isEqualTo(planned);
    assertThat(exchanges).extracting(Exchange::sent).isEqualTo(planned);
  }

  @Test
  void whatHoldsTheGeneratorUpShowsInTheLatencyOfEveryRequestThatWasDueMeanwhile()
      throws InterruptedException {
    FakeTarget blocks =
        new FakeTarget(requests -> {
          if (requests.size() == 1) {
            pace.pass(5_000_000_000L);
          }
          answer(requests.getLast());
        });

    List<Exchange> exchanges = inOrder(run(blocks, new Arrivals.Steady(1), 8, DAY));

    assertThat(exchanges)
        .extracting(Exchange::lagMillis)
        .containsExactly(0.0, 4000.0, 3000.0, 2000.0, 1000.0, 0.0, 0.0, 0.0);
    assertThat(exchanges)
        .extracting(Exchange::ttftMillis)
        .containsExactly(5000.0, 4000.0, 3000.0, 2000.0, 1000.0, 0.0, 0.0, 0.0);
    assertThat(exchanges.subList(1, 8)).extracting(Exchange::ttftFromSendMillis).containsOnly(0.0);
  }

  @Test
  void aClosedLoopHasNeverMoreUsersThanItHas() throws InterruptedException {
    List<Integer> under = new ArrayList<>();
    FakeTarget answersInThrees =
        new FakeTarget(requests -> {
          int open = requests.size() - 3 * under.stream().filter(each -> each == 3).toList().size();
          under.add(open);
          if (open == 3) {
            requests
                .subList(requests.size() - 3, requests.size())
                .forEach(LoadGeneratorTest::answer);
          }
        });

    LoadGenerator.Run run = run(answersInThrees, new Arrivals.ClosedLoop(3), 9, DAY);

    assertThat(run.exchanges()).hasSize(9).allMatch(Exchange::completed);
    assertThat(under).containsExactly(1, 2, 3, 1, 2, 3, 1, 2, 3);
  }

  @Test
  void aClosedLoopSendsNothingAfterItsTime() throws InterruptedException {
    FakeTarget takesASecond =
        new FakeTarget(requests -> {
          pace.pass(1_000_000_000L);
          answer(requests.getLast());
        });

    LoadGenerator.Run run =
        run(takesASecond, new Arrivals.ClosedLoop(1), 100, Duration.ofSeconds(4));

    assertThat(run.exchanges()).hasSize(4);
  }

  @Test
  void failuresAreCountedAndEndTheRunToo() throws InterruptedException {
    FakeTarget refuses =
        new FakeTarget(requests -> requests.getLast().failed(new RequestFailure("http_429", "no")));
    Workload workload = Workload.plan(new Arrivals.Steady(100), new Lengths.Fixed(10, 5), 20, DAY);
    LoadGenerator generator = new LoadGenerator(refuses, TEXT, workload, DAY, pace);

    LoadGenerator.Run run = generator.run();

    assertThat(run.exchanges()).hasSize(20).noneMatch(Exchange::completed);
    assertThat(generator.progress()).isEqualTo(new LoadGenerator.Progress(20, 20, 0, 20));
  }
}
