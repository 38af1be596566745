package dev.baton.router.admission;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TokenBucketTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();

  @Test
  void burstIsThereAtOnceAndTheRestComesAtTheRate() {
    TokenBucket bucket = new TokenBucket(new Rate(10, 100), 0);
    assertThat(bucket.nanosUntil(100, 0)).isZero();
    bucket.take(100, 0);
    assertThat(bucket.nanosUntil(1, 0)).isEqualTo(SECOND / 10);
    assertThat(bucket.nanosUntil(25, 2 * SECOND)).isEqualTo(SECOND / 2);
    assertThat(bucket.nanosUntil(25, 2 * SECOND + SECOND / 2)).isZero();
  }

  @Test
  void idlenessFillsNoFurtherThanTheBurst() {
    TokenBucket bucket = new TokenBucket(new Rate(10, 100), 0);
    long later = Duration.ofDays(300).toNanos();
    bucket.take(100, later);
    assertThat(bucket.nanosUntil(1, later)).isPositive();
  }

  @Test
  void moreThanTheBurstIsLetInWhenFullAndOwed() {
    TokenBucket bucket = new TokenBucket(new Rate(10, 100), 0);
    assertThat(bucket.nanosUntil(1000, 0)).isZero();
    bucket.take(1000, 0);
    assertThat(bucket.nanosUntil(1, 0)).isEqualTo(901 * SECOND / 10);
    assertThat(bucket.nanosUntil(1000, 99 * SECOND)).isEqualTo(SECOND);
  }

  @Test
  void whatIsGivenBackCanBeTakenButNeverExceedsTheBurst() {
    TokenBucket bucket = new TokenBucket(new Rate(10, 100), 0);
    bucket.take(80, 0);
    bucket.giveBack(50, 0);
    assertThat(bucket.nanosUntil(70, 0)).isZero();
    bucket.giveBack(500, 0);
    bucket.take(100, 0);
    assertThat(bucket.nanosUntil(1, 0)).isPositive();
  }

  @Test
  void aClockBeforeZeroAndOneThatWrapsAreAsGoodAsAny() {
    long start = Long.MAX_VALUE - SECOND;
    TokenBucket bucket = new TokenBucket(new Rate(10, 100), start);
    bucket.take(100, start);
    assertThat(bucket.nanosUntil(20, start + 2 * SECOND)).isZero();
  }

  /** In any time t nobody is let in for more than rate x t + burst + one request. */
  @Test
  void whatIsLetInStaysBelowTheRateLine() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    double rate = 1 + random.nextInt(1000);
    double burst = 1 + random.nextInt(5000);
    TokenBucket bucket = new TokenBucket(new Rate(rate, burst), 0);
    long now = 0;
    double taken = 0;
    double largest = 0;
    for (int i = 0; i < 10_000; i++) {
      now += random.nextInt((int) SECOND / 10);
      long wanted = 1 + random.nextInt(2000);
      if (bucket.nanosUntil(wanted, now) == 0) {
        bucket.take(wanted, now);
        taken += wanted;
        largest = Math.max(largest, wanted);
      }
      assertThat(taken)
          .as("seed %d step %d", seed, i)
          .isLessThanOrEqualTo(rate * now / 1e9 + burst + largest + 1e-6);
    }
  }

  @Test
  void theWaitThatIsToldIsLongEnoughAndNotLonger() {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    for (int i = 0; i < 1000; i++) {
      Rate rate = new Rate(1 + random.nextInt(1000), 1 + random.nextInt(1000));
      long owed = random.nextInt(3000);
      long wanted = 1 + random.nextInt(2000);
      TokenBucket bucket = new TokenBucket(rate, 0);
      bucket.take(owed, 0);
      long wait = bucket.nanosUntil(wanted, 0);
      if (wait > 100) {
        assertThat(bucket.nanosUntil(wanted, wait - 100)).as("seed %d", seed).isPositive();
      }
      assertThat(bucket.nanosUntil(wanted, wait + 100)).as("seed %d", seed).isZero();
    }
  }
}
