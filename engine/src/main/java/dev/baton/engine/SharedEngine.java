package dev.baton.engine;

import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One engine for several loops of a process, such as those of a prefill and of a decode worker on
 * one chip. Batches take turns, first come first served: a batch of one loop delays those of the
 * others by its own length, and never overtakes.
 */
public final class SharedEngine implements AutoCloseable {
  private final Engine engine;
  private final ReentrantLock turn = new ReentrantLock(true);
  private final AtomicInteger leases = new AtomicInteger();

  /** Shares this engine, which becomes this object's to close. */
  public SharedEngine(Engine engine) {
    this.engine = engine;
  }

  /** The engine for one more loop; closing it leaves the shared one as it is. */
  public Engine lease() {
    leases.incrementAndGet();
    return new Lease();
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

  private final class Lease implements Engine {
    private final AtomicBoolean closed = new AtomicBoolean();

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
      turn.lock();
      try {
        engine.run(batch, listener);
      } finally {
        turn.unlock();
      }
    }

    @Override
    public void close() {
      if (!closed.getAndSet(true)) {
        leases.decrementAndGet();
      }
    }
  }
}
