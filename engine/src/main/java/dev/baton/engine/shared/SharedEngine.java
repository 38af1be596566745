package dev.baton.engine.shared;

import dev.baton.engine.Engine;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * One engine for several loops of a process, such as those of a prefill and of a decode worker on
 * one chip. A step of the engine holds the batches of all loops that wait, so that it reads the
 * weights once for all of them.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>A batch of a {@link #lease} is computed whole, in the first step that begins after it came:
 *       it waits for one step at most, that in progress, unless a failed one is being repeated.
 *   <li>Where such a batch is in a step, those of {@link #patientLease} together have at most
 *       {@code promptTokens} tokens in it, first come first served; the rest of them goes on in the
 *       next steps. Alone they are computed whole. Bits are the same in any pieces.
 *   <li>A loop that had a part in the last step is waited for, as it needs a moment to come with
 *       its next batch, but for no longer than an eighth of what that step took; if it does not
 *       come, not again.
 *   <li>A step that fails with batches of several loops in it is repeated batch by batch, so that
 *       one loop's batch fails no other's; only a batch of which layers were said to be final
 *       already fails with it.
 *   <li>Listeners hear on the thread that computes, which may be another loop's.
 * </ul>
 */
public final class SharedEngine implements AutoCloseable {
  private final Engine engine;
  private final int promptTokens;
  private final ToDoubleFunction<List<Span>> cost;
  private final LongUnaryOperator patience;
  private final LongSupplier nanoClock;
  private final AtomicInteger leases = new AtomicInteger();
  private final AtomicLong joint = new AtomicLong();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // All below are guarded by the lock.
  private final Set<Ask> waiting = new LinkedHashSet<>();

  /** Had a part in a step and may come back at once. */
  private final Set<Turn> expected = new LinkedHashSet<>();

  private boolean stepping;

  /** Since when there is work and the last step is over: from then on time is the next step's. */
  private long readyAt;

  private long lastEnd;
  private long lastNanos;

  /**
   * Shares this engine, which becomes this object's to close.
   *
   * @param promptTokens most tokens of patient leases in a step with another's batch, at least 1
   * @param cost of some spans, above 0, in any unit: what the time of a step is divided by
   */
  public SharedEngine(Engine engine, int promptTokens, ToDoubleFunction<List<Span>> cost) {
    this(engine, promptTokens, cost, nanos -> nanos / 8, System::nanoTime);
  }

  /**
   * As above.
   *
   * @param patience how many nanoseconds a loop is waited for after a step that took so many
   */
  SharedEngine(
      Engine engine,
      int promptTokens,
      ToDoubleFunction<List<Span>> cost,
      LongUnaryOperator patience,
      LongSupplier nanoClock) {
    if (promptTokens < 1) {
      throw new IllegalArgumentException("promptTokens: " + promptTokens + ", expected at least 1");
    }
    this.engine = engine;
    this.promptTokens = promptTokens;
    this.cost = cost;
    this.patience = patience;
    this.nanoClock = nanoClock;
  }

  /** The engine for one more loop, whose batches are never computed in pieces. */
  public Lease lease() {
    return new Turn(false);
  }

  /** The engine for one more loop, whose batches may be computed in pieces: one of prompts. */
  public Lease patientLease() {
    return new Turn(true);
  }

  /** Steps, so far, with batches of several loops in them. */
  public long jointSteps() {
    return joint.get();
  }

  /** Batches that wait or are computed now. */
  int batches() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  private void compute(Ask ask) {
    enter(ask);
    try {
      for (Step step = next(ask); step != null; step = next(ask)) {
        Throwable thrown = null;
        try {
          engine.run(step.spans(), step);
        } catch (Throwable e) {
          thrown = e;
        }
        leave(step, thrown);
      }
    } finally {
      withdraw(ask);
    }
    ask.rethrow();
  }

  private void enter(Ask ask) {
    lock.lock();
    try {
      if (waiting.isEmpty()) {
        readyAt = nanoClock.getAsLong();
      }
      waiting.add(ask);
      expected.remove(ask.turn());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The step that the ask's own thread has to run; null once the ask is over. */
  private @Nullable Step next(Ask ask) {
    lock.lock();
    try {
      while (!ask.isOver()) {
        if (stepping) {
          changed.awaitUninterruptibly();
        } else if (expected.isEmpty()) {
          Step step = Step.of(waiting, promptTokens);
          stepping = true;
          return step;
        } else {
          awaitExpected(ask);
        }
      }
      return null;
    } finally {
      lock.unlock();
    }
  }

  /** Returns when a step may begin, or another thread began one. */
  private void awaitExpected(Ask ask) {
    try {
      while (!expected.isEmpty() && !stepping && !ask.isOver()) {
        long left = lastEnd + patience.applyAsLong(lastNanos) - nanoClock.getAsLong();
        if (left <= 0) {
          expected.clear();
        } else {
          var _ = changed.awaitNanos(left);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      expected.clear();
    }
  }

  private void leave(Step step, @Nullable Throwable thrown) {
    lock.lock();
    try {
      long now = nanoClock.getAsLong();
      if (step.isJoint() && thrown == null) {
        joint.incrementAndGet();
      }
      lastNanos = now - readyAt;
      lastEnd = now;
      readyAt = now;
      stepping = false;
      step.settle(lastNanos, cost, thrown);
      for (Ask ask : step.asks()) {
        if (ask.isOver()) {
          waiting.remove(ask);
          expected.add(ask.turn());
        }
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Nobody computes it any more, however its loop got here. */
  private void withdraw(Ask ask) {
    lock.lock();
    try {
      if (waiting.remove(ask)) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void forget(Turn turn) {
    lock.lock();
    try {
      expected.remove(turn);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Closes the engine, unless a lease is open: its loop may still use the engine's memory, which
   * then stays for as long as the process does.
   */
  @Override
  public void close() {
    if (leases.get() == 0) {
      engine.close();
    }
  }

  /** A loop's place beside the others. */
  final class Turn implements Lease {
    private final boolean patient;
    private final AtomicLong nanos = new AtomicLong();
    private final AtomicBoolean closed = new AtomicBoolean();

    private Turn(boolean patient) {
      this.patient = patient;
      leases.incrementAndGet();
    }

    /** Whether its batches may be computed in pieces. */
    boolean isPatient() {
      return patient;
    }

    /** The engine was its own for so long. */
    void had(long more) {
      nanos.addAndGet(more);
    }

    @Override
    public long engineNanos() {
      return nanos.get();
    }

    @Override
    public Layout layout() {
      return engine.layout();
    }

    @Override
    public Lineage lineage() {
      return engine.lineage();
    }

    @Override
    public int vocabulary() {
      return engine.vocabulary();
    }

    @Override
    public int contextTokens() {
      return engine.contextTokens();
    }

    @Override
    public void run(List<Span> batch, LayerListener listener) {
      if (!batch.isEmpty()) {
        compute(new Ask(this, batch, listener));
      }
    }

    @Override
    public void close() {
      if (!closed.getAndSet(true)) {
        leases.decrementAndGet();
        forget(this);
      }
    }
  }
}
