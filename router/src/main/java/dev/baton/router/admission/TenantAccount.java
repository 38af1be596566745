package dev.baton.router.admission;

import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * One account's books: its buckets, its lane, what runs, and how long its answers were. Not safe
 * for use by many threads.
 */
final class TenantAccount {
  /** As many answers as the paper looks back on. */
  private static final int REMEMBERED = 5;

  private final TenantPolicy policy;
  private final Optional<TokenBucket> tokens;
  private final Optional<TokenBucket> requests;
  private final Lane<Pass> lane;
  private final long[] outputs = new long[REMEMBERED];
  private long answered;
  private int running;

  TenantAccount(TenantPolicy policy, long now) {
    this.policy = policy;
    this.tokens = policy.tokens().map(rate -> new TokenBucket(rate, now));
    this.requests = policy.requests().map(rate -> new TokenBucket(rate, now));
    this.lane = new Lane<>(policy.weight());
  }

  TenantPolicy policy() {
    return policy;
  }

  Lane<Pass> lane() {
    return lane;
  }

  /** Time until its rates let one more request of so many tokens in. */
  long nanosUntil(long size, long now) {
    long byTokens = tokens.map(bucket -> bucket.nanosUntil(size, now)).orElse(0L);
    long byRequests = requests.map(bucket -> bucket.nanosUntil(1, now)).orElse(0L);
    return Math.max(byTokens, byRequests);
  }

  /** A request came in. */
  void enter(long size, long now) {
    tokens.ifPresent(bucket -> bucket.take(size, now));
    requests.ifPresent(bucket -> bucket.take(1, now));
  }

  /** The request left before it was started: its tokens were not used. */
  void leave(long size, long now) {
    tokens.ifPresent(bucket -> bucket.giveBack(size, now));
  }

  /** A request starts. */
  void start(double cost) {
    running++;
    lane.charge(cost);
  }

  /** A running request wrote more than it was charged for. */
  void exceed(long output, long now) {
    tokens.ifPresent(bucket -> bucket.take(output, now));
    lane.charge(Cost.of(0, output));
  }

  /** A running request is over; of its charge, so many tokens were not used. */
  void end(long unusedInput, long unusedOutput, long now) {
    running--;
    tokens.ifPresent(bucket -> bucket.giveBack(unusedInput + unusedOutput, now));
    lane.charge(-Cost.of(unusedInput, unusedOutput));
  }

  /** A whole answer had this length. */
  void answered(long output) {
    outputs[(int) (answered++ % REMEMBERED)] = output;
  }

  /** The mean of its last answers' output tokens; empty where there was none. */
  OptionalLong usualOutput() {
    int known = (int) Math.min(answered, REMEMBERED);
    if (known == 0) {
      return OptionalLong.empty();
    }
    return OptionalLong.of(Math.ceilDiv(Arrays.stream(outputs, 0, known).sum(), known));
  }

  boolean mayRun() {
    return running < policy.maxRunning();
  }

  /** Whether nothing is lost by forgetting it, but how much it was served. */
  boolean isIdle() {
    return running == 0 && lane.items() == 0 && tokens.isEmpty() && requests.isEmpty();
  }
}
