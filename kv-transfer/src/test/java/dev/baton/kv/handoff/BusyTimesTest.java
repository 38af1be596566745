package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.handoff.BusyTimes.Interval;
import org.junit.jupiter.api.Test;

class BusyTimesTest {
  @Test
  void theClosestBecomeOneAndTheTotalStaysExact() {
    BusyTimes times = new BusyTimes();
    for (int i = 0; i < BusyTimes.MOST; i++) {
      times.add(i * 100L, i * 100L + 10);
    }
    assertThat(times.intervals()).hasSize(BusyTimes.MOST);

    times.add(BusyTimes.MOST * 100L - 50, BusyTimes.MOST * 100L);

    assertThat(times.intervals())
        .hasSize(BusyTimes.MOST)
        .contains(new Interval(0, 10))
        .endsWith(new Interval((BusyTimes.MOST - 1) * 100L, BusyTimes.MOST * 100L));
    assertThat(times.totalNanos()).isEqualTo(BusyTimes.MOST * 10L + 50);
  }
}
