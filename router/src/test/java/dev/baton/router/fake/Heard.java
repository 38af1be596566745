package dev.baton.router.fake;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.Usage;
import dev.baton.router.generation.GenerationListener;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** A listener that remembers what it heard, in order. */
public final class Heard implements GenerationListener {
  private final List<Object> events = new CopyOnWriteArrayList<>();
  private final AtomicInteger ends = new AtomicInteger();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile @Nullable Usage usage;
  private volatile @Nullable BatonException failure;

  @Override
  public void accepted(Accepted accepted) {
    events.add(accepted);
  }

  @Override
  public void delta(Delta delta) {
    events.add(delta);
  }

  @Override
  public void finished(Finished finished) {
    events.add(finished);
  }

  @Override
  public void completed(Usage all) {
    usage = all;
    events.add(all);
    end();
  }

  @Override
  public void failed(BatonException why) {
    failure = why;
    events.add(why);
    end();
  }

  private void end() {
    ends.incrementAndGet();
    over.countDown();
  }

  /** Everything so far. */
  public List<Object> events() {
    return List.copyOf(events);
  }

  /** Events of one kind. */
  public <E> List<E> all(Class<E> kind) {
    return events.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Text of a choice so far. */
  public String text(int choice) {
    StringBuilder text = new StringBuilder();
    all(Delta.class).stream()
        .filter(delta -> delta.getChoice() == choice)
        .forEach(delta -> text.append(delta.getText()));
    return text.toString();
  }

  /** How often the end was told. */
  public int ends() {
    return ends.get();
  }

  public boolean isOver() {
    return over.getCount() == 0;
  }

  /** Waits for the account. */
  public Usage usage() throws InterruptedException {
    await();
    Usage heard = usage;
    if (heard == null) {
      throw new AssertionError("failed instead", failure);
    }
    return heard;
  }

  /** Waits for the error. */
  public BatonException failure() throws InterruptedException {
    await();
    BatonException heard = failure;
    if (heard == null) {
      throw new AssertionError("completed instead: " + usage);
    }
    return heard;
  }

  private void await() throws InterruptedException {
    if (!over.await(10, TimeUnit.SECONDS)) {
      throw new AssertionError("not over within 10 s; heard " + events);
    }
  }
}
