package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PullSpeedsTest {
  private static final Duration STALL = Duration.ofSeconds(30);

  @Test
  void fetchingPaysWhereReplyAndTransferAreShorterThanComputing() {
    // 100 tokens take 0.1 s to compute; 1 MB takes 0.05 s to fetch, after 0.04 s.
    PullSpeeds speeds = new PullSpeeds(0.001, 20e6, 0.04);
    assertThat(speeds.pays(1_000_000, 100)).isTrue();
    assertThat(speeds.pays(1_300_000, 100)).isFalse();
    assertThat(speeds.pays(1_000_000, 80)).isFalse();
  }

  @Test
  void whatWasNotMeasuredCountsForFetching() {
    assertThat(new PullSpeeds(0, 1, 1).pays(1 << 30, 1)).isTrue();
    assertThat(new PullSpeeds(1e-9, 0, 0).pays(1 << 30, 1)).isTrue();
  }

  @Test
  void pullGetsAsLongAsComputingWouldTakeWithinBounds() {
    PullSpeeds speeds = new PullSpeeds(0.01, 1, 0);
    assertThat(speeds.limit(500, STALL)).isEqualTo(Duration.ofSeconds(5));
    assertThat(speeds.limit(1, STALL)).isEqualTo(Duration.ofSeconds(1));
    assertThat(speeds.limit(1_000_000, STALL)).isEqualTo(STALL);
    assertThat(new PullSpeeds(0, 0, 0).limit(1, STALL)).isEqualTo(STALL);
  }

  @Test
  void pulledBlocksCountAsFarAsTheyAreStillCached() {
    assertThat(new PulledBlocks(2, 5).within(7)).isEqualTo(3);
    assertThat(new PulledBlocks(2, 5).within(4)).isEqualTo(2);
    assertThat(new PulledBlocks(2, 5).within(1)).isZero();
    assertThat(PulledBlocks.NONE.within(3)).isZero();
  }
}
