package dev.baton.router.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.placement.ClusterView;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ObservedRatesTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  private final ObservedRates rates = new ObservedRates();

  /**
   * 1,000 tokens a second computed, half of each prompt cached; 5 ms of transfer; 20 ms a token.
   */
  private void observe(int times) {
    for (int i = 0; i < times; i++) {
      rates.prefilled(1000, 500, Duration.ofMillis(500), Duration.ofMillis(5), 0);
      rates.answered(Duration.ofMillis(20), 0);
    }
  }

  private Optional<Forecast> forecast(double ahead, long pending) {
    return forecast(ahead, pending, 0);
  }

  private Optional<Forecast> forecast(double ahead, long pending, long now) {
    return rates.forecast(
        Views.size(400, 10),
        ahead,
        new ClusterView(List.of(Views.prefill(pending)), List.of(Views.decode(100, 100))),
        now);
  }

  @Test
  void nothingIsSaidBeforeEnoughWasSeen() {
    assertThat(forecast(0, 0)).isEmpty();
    observe(Median.FEWEST - 1);
    assertThat(forecast(0, 0)).isEmpty();
    observe(1);
    assertThat(forecast(0, 0)).isPresent();
    assertThat(forecast(1, 0)).as("no queue was seen yet").isEmpty();
  }

  @Test
  void ttftIsBacklogThenPromptThenTransferThenOneStep() {
    observe(20);
    // 2000 pending at 1000/s, 400 of prompt at 2000/s, 5 ms, 20 ms.
    assertThat(forecast(0, 2000).orElseThrow())
        .isEqualTo(
            new Forecast(
                0,
                Duration.ofMillis(2000 + 200 + 5 + 20).toNanos(),
                Duration.ofMillis(20).toNanos()));
  }

  @Test
  void whatWasSeenLongAgoIsForgotten() {
    observe(20);
    assertThat(forecast(0, 0, Median.LATELY.toNanos())).isPresent();
    assertThat(forecast(0, 0, Median.LATELY.toNanos() + 1)).isEmpty();
  }

  @Test
  void oneOutlierChangesNothing() {
    observe(20);
    Forecast before = forecast(0, 2000).orElseThrow();
    rates.prefilled(1, 1, Duration.ofHours(1), Duration.ofHours(1), 0);
    rates.answered(Duration.ofHours(1), 0);
    assertThat(forecast(0, 2000)).contains(before);
  }

  @Test
  void theQueueTakesAsLongAsCostWasSeenToLeaveIt() {
    observe(20);
    // 100 of cost each half second.
    for (int i = 0; i < 20; i++) {
      rates.started(100, 5, i * SECOND / 2);
    }
    assertThat(forecast(1000, 0).orElseThrow().queue()).isEqualTo(5 * SECOND);
  }

  @Test
  void theRateOfAQueueThatIsLongOverIsForgotten() {
    observe(20);
    for (int i = 0; i < 20; i++) {
      rates.started(100, 5, i);
    }
    assertThat(forecast(1000, 0, Median.LATELY.toNanos())).isPresent();
    // What is seen without a queue stays fresh; only the queue's own rate is old.
    long later = Median.LATELY.toNanos() + 20;
    for (int i = 0; i < 20; i++) {
      rates.prefilled(400, 200, Duration.ofMillis(200), Duration.ofMillis(5), later);
      rates.answered(Duration.ofMillis(20), later);
    }
    assertThat(forecast(0, 0, later)).isPresent();
    assertThat(forecast(1000, 0, later)).isEmpty();
  }

  @Test
  void timesWithoutAQueueAreNoMeasureOfIt() {
    observe(20);
    for (int i = 0; i < 20; i++) {
      rates.started(100, i < 19 ? 5 : 0, i * SECOND / 2);
    }
    // Hours later, the next queue: the pause must not look like slowness.
    for (int i = 0; i < 4; i++) {
      rates.started(100, 5, 10_000 * SECOND + i);
    }
    assertThat(forecast(1000, 0).orElseThrow().queue()).isEqualTo(5 * SECOND);
  }
}
