package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The queue of requests that wait for room in the pool.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>First come, first served: nobody overtakes the first, however little it needs. The first
 *       therefore gets its turn once those before it have ended, and a request that fits the whole
 *       pool never starves.
 *   <li>All or none: a request holds nothing until it has all its blocks, except that the first in
 *       the queue holds what the cache has of its prompt, so that it is not evicted meanwhile.
 *   <li>Bounded: {@link #enter} refuses with OVERLOADED and never blocks. Only who has to wait for
 *       room counts: a burst that fits the pool is never refused.
 *   <li>A grant is delivered once, on this class's own thread, outside the lock, and never after
 *       {@link #withdraw} returned true.
 * </ul>
 */
final class BlockAdmission implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BlockAdmission.class);
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final BlockPool pool;
  private final int maxQueue;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Waiting> queue = new ArrayDeque<>();

  /** Those that have their blocks and do not know it yet. */
  private final Deque<Waiting> granted = new ArrayDeque<>();

  private boolean closed;

  /** Receives blocks. */
  interface Applicant {
    /**
     * It has room: one reference to each block is now the applicant's.
     *
     * @param present how many of the shared keys were in the cache; these blocks come first and
     *     must not be written
     */
    void granted(List<Block> blocks, int present);
  }

  /** A place in the queue. */
  static final class Waiting {
    private final List<BlockKey> sharedKeys;
    private final int total;
    private final Applicant applicant;
    private final List<Block> held = new ArrayList<>();
    private int present;

    private Waiting(List<BlockKey> sharedKeys, int total, Applicant applicant) {
      this.sharedKeys = sharedKeys;
      this.total = total;
      this.applicant = applicant;
    }

    private boolean tryTake(BlockPool pool) {
      held.addAll(pool.retainPrefix(sharedKeys.subList(held.size(), sharedKeys.size())));
      List<Block> fresh = pool.tryReserve(total - held.size());
      if (fresh == null) {
        return false;
      }
      present = held.size();
      held.addAll(fresh);
      return true;
    }

    private void deliver() {
      try {
        applicant.granted(List.copyOf(held), present);
      } catch (RuntimeException e) {
        LOG.error("an applicant failed on its grant; the queue goes on", e);
      }
    }
  }

  /** A queue before this pool with at most so many in it. */
  BlockAdmission(BlockPool pool, int maxQueue) {
    this.pool = pool;
    this.maxQueue = maxQueue;
    this.thread = Thread.ofPlatform().name("decode-admission").unstarted(this::run);
    pool.onRoom(this::wake);
  }

  /** Starts the thread. */
  void start() {
    thread.start();
  }

  /**
   * Asks for {@code total} blocks, of which those with {@code sharedKeys} may come from the cache.
   *
   * @throws BatonException OVERLOADED if the queue is full, DRAINING if it is closed
   */
  Waiting enter(List<BlockKey> sharedKeys, int total, Applicant applicant) {
    Waiting waiting = new Waiting(sharedKeys, total, applicant);
    lock.lock();
    try {
      if (closed) {
        throw BatonException.draining();
      }
      grantWhatFits();
      if (queue.size() >= maxQueue) {
        throw BatonException.overloaded("the decode queue of " + maxQueue, RETRY_AFTER);
      }
      queue.add(waiting);
      grantWhatFits();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    return waiting;
  }

  /**
   * Leaves the queue.
   *
   * @return false if the blocks were granted, or are being granted; true if they never will be
   */
  boolean withdraw(Waiting waiting) {
    lock.lock();
    try {
      if (!queue.remove(waiting)) {
        return false;
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    pool.release(waiting.held);
    return true;
  }

  /** How many wait. */
  int waiting() {
    lock.lock();
    try {
      return queue.size();
    } finally {
      lock.unlock();
    }
  }

  private void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** What the thread does: it returns once the queue is closed. */
  void run() {
    for (Waiting next = awaitRoom(); next != null; next = awaitRoom()) {
      next.deliver();
    }
  }

  /** The next that has its blocks; null when the queue is closed. */
  private @Nullable Waiting awaitRoom() {
    lock.lock();
    try {
      while (true) {
        if (!closed) {
          grantWhatFits();
        }
        Waiting next = granted.poll();
        if (next != null || closed) {
          return next;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Under the lock. */
  private void grantWhatFits() {
    for (Waiting first = queue.peek(); first != null && first.tryTake(pool); first = queue.peek()) {
      granted.add(queue.remove());
    }
  }

  /** Grants nothing more. Whoever still waits should have withdrawn. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
