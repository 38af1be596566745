package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.Block;
import dev.baton.proto.v1.SampledToken;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** Waits until the test lets it go, or it is interrupted. */
final class TestPush implements SubmittedJob.Push {
  final CountDownLatch entered = new CountDownLatch(1);
  final CountDownLatch leave = new CountDownLatch(1);

  private TestPush() {}

  /** One that waits for nothing. */
  static TestPush free() {
    TestPush push = new TestPush();
    push.leave.countDown();
    return push;
  }

  /** One that waits. */
  static TestPush blocked() {
    return new TestPush();
  }

  @Override
  public void push(PrefillTask task, List<Block> blocks, List<SampledToken> firstTokens) {
    entered.countDown();
    try {
      leave.await();
    } catch (InterruptedException e) {
      throw BatonException.workerLost("interrupted", "interrupted");
    }
  }
}
