package dev.baton.cli.soak;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.function.LongUnaryOperator;
import org.junit.jupiter.api.Test;

class GrowthTest {
  private static final int MINUTES = 40;

  private static Growth ofMinutes(int count, LongUnaryOperator rss) {
    Growth growth = new Growth();
    for (int minute = 0; minute < count; minute++) {
      growth.add(new Footprint(60.0 * minute, rss.applyAsLong(minute), 100));
    }
    return growth;
  }

  @Test
  void aLeakShowsInSlopeAndGrowth() {
    Growth leak = ofMinutes(MINUTES, minute -> 1_000_000 + 5_000 * minute);

    assertThat(leak.slopePerHour(Footprint::rss)).isCloseTo(300_000, within(1.0));
    assertThat(leak.afterWarmUp(Footprint::rss)).hasValue(5_000L * 20);
  }

  @Test
  void warmingUpIsNoLeak() {
    Growth warmUp = ofMinutes(MINUTES, minute -> minute < 10 ? 100_000 * minute : 1_000_000);

    assertThat(warmUp.slopePerHour(Footprint::rss)).isZero();
    assertThat(warmUp.afterWarmUp(Footprint::rss)).hasValue(0L);
  }

  @Test
  void aHeapThatSawsIsNoLeak() {
    Growth saw = ofMinutes(MINUTES, minute -> 1_000_000 + 100_000 * (minute % 5));

    assertThat(saw.afterWarmUp(Footprint::rss)).hasValue(0L);
  }

  @Test
  void fewSamplesSayNothing() {
    assertThat(
            ofMinutes(Growth.LEAST_SAMPLES - 1, minute -> 1L << minute).afterWarmUp(Footprint::rss))
        .isEmpty();
    assertThat(new Growth().slopePerHour(Footprint::files)).isZero();
  }
}
