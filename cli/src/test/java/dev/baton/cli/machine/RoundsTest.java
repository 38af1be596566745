package dev.baton.cli.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RoundsTest {
  private long now;
  private int passes;

  @Test
  void aRoundsFigureIsTheMeanOfThePassesThatFillIt() {
    // The first round takes ten passes; then come rounds of 100 + 300 + 200 and of 600
    // milliseconds.
    Iterator<Integer> millis =
        IntStream.concat(IntStream.generate(() -> 100).limit(10), IntStream.of(100, 300, 200, 600))
            .iterator();

    double[] seconds = rounds(2).seconds(() -> pass(millis.next()));

    assertThat(seconds).containsExactly(new double[] {0.2, 0.6}, within(1e-12));
    assertThat(millis).isExhausted();
  }

  @Test
  void aPassThatIsLongerThanARoundIsOne() {
    double[] seconds = rounds(3).seconds(() -> pass(7_500));

    assertThat(seconds).containsExactly(7.5, 7.5, 7.5);
    assertThat(passes).isEqualTo(4);
  }

  @Test
  void slowPassesOfTheFirstSecondDoNotCount() {
    double[] seconds = rounds(3).seconds(() -> pass(now < 1_000_000_000 ? 50 : 25));

    assertThat(seconds).containsExactly(new double[] {0.025, 0.025, 0.025}, within(1e-12));
    assertThat(passes).isEqualTo(20 + 3 * 20);
  }

  @Test
  void roundsAreSortedByTheirFigures() {
    List<Integer> millis = new ArrayList<>(List.of(1_000, 900, 700, 800));

    assertThat(rounds(3).seconds(() -> pass(millis.removeFirst()))).containsExactly(0.7, 0.8, 0.9);
  }

  @Test
  void aRoundStandsBesideTheBetterOfTheLimitsRightBeforeAndAfterIt() throws Exception {
    Iterator<Double> limits = List.of(3.0, 5.0, 2.0, 1.0).iterator();
    Iterator<Integer> millis = List.of(1_000, 500, 700, 600).iterator();

    List<Rounds.Beside> rounds = rounds(3).beside(limits::next, () -> pass(millis.next()));

    assertThat(rounds)
        .containsExactly(
            new Rounds.Beside(0.5, 5.0), new Rounds.Beside(0.7, 5.0), new Rounds.Beside(0.6, 2.0));
    assertThat(limits).isExhausted();
  }

  private Rounds rounds(int count) {
    return new Rounds(count, Duration.ofSeconds(1), Duration.ofMillis(500), () -> now);
  }

  private void pass(int millis) {
    passes++;
    now += Duration.ofMillis(millis).toNanos();
  }
}
