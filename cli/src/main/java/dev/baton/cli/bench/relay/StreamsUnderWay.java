package dev.baton.cli.bench.relay;

import dev.baton.cli.shell.Failure;
import dev.baton.harness.load.AnswerListener;
import dev.baton.harness.load.Ask;
import dev.baton.harness.load.RequestFailure;
import dev.baton.harness.load.ServerAccount;
import dev.baton.harness.load.Target;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/** Streams that were sent together, and are counted together. */
final class StreamsUnderWay {
  private static final Duration LIMIT = Duration.ofSeconds(100);

  private final LongAdder tokens = new LongAdder();
  private final AtomicReference<@Nullable RequestFailure> failure = new AtomicReference<>();
  private final CountDownLatch begun;
  private final CountDownLatch ended;

  /** Sends so many streams of the same request. */
  StreamsUnderWay(Target target, int streams, Ask ask) {
    this.begun = new CountDownLatch(streams);
    this.ended = new CountDownLatch(streams);
    for (int i = 0; i < streams; i++) {
      target.prepare(ask).send(new Listener());
    }
  }

  /** Waits until each has its first token. */
  void awaitFirst() throws InterruptedException {
    await(begun, "began");
  }

  /** Waits until all are over, and says how many tokens came. */
  long awaitEnd() throws InterruptedException {
    await(ended, "ended");
    return tokens.sum();
  }

  private void await(CountDownLatch latch, String what) throws InterruptedException {
    boolean all = latch.await(LIMIT.toSeconds(), TimeUnit.SECONDS);
    RequestFailure why = failure.get();
    if (why != null) {
      throw new Failure("a stream failed, %s: %s".formatted(why.type(), why.message()));
    }
    if (!all) {
      throw new Failure(
          "%d streams have not %s within %d s"
              .formatted(latch.getCount(), what, LIMIT.toSeconds()));
    }
  }

  private final class Listener implements AnswerListener {
    private boolean any;

    @Override
    public void more(int count, boolean text) {
      tokens.add(count);
      if (!any) {
        any = true;
        begun.countDown();
      }
    }

    @Override
    public void finished() {}

    @Override
    public void account(ServerAccount account) {}

    @Override
    public void completed() {
      ended.countDown();
    }

    @Override
    public void failed(RequestFailure why) {
      failure.compareAndSet(null, why);
      begun.countDown();
      ended.countDown();
    }
  }
}
