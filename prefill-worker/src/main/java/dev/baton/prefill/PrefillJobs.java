package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Where every job of the worker is.
 *
 * <pre>
 * add ──► restoring ──► queue ──► computing ──► pushing ──► gone
 *             │           │
 *             └───────────┴── withdrawn ──► gone
 * </pre>
 *
 * <p>Safe for use by many threads; {@link #awaitWork} is for the one that computes. No job's
 * listener is called under the lock, and only {@link #awaitWork} and {@link #awaitNone} wait.
 */
final class PrefillJobs {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final int most;
  private final int chunkTokens;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<PrefillJob> queue = new ArrayDeque<>();

  /** Wait for their KV from elsewhere; they hold nothing meanwhile. */
  private final Set<PrefillJob> restoring = new LinkedHashSet<>();

  /** Oldest first. Only the thread that computes changes it, under the lock; it reads without. */
  private final Set<PrefillJob> computing = new LinkedHashSet<>();

  private final Set<PrefillJob> pushing = new LinkedHashSet<>();
  private volatile boolean draining;
  private boolean closed;

  /**
   * None yet.
   *
   * @param most that wait at once
   * @param chunkTokens most tokens in a step: a job starts where those that compute leave some
   */
  PrefillJobs(int most, int chunkTokens) {
    this.most = most;
    this.chunkTokens = chunkTokens;
  }

  /**
   * Takes a job in, which waits for its KV from elsewhere.
   *
   * @throws BatonException OVERLOADED if too many wait, DRAINING if the worker takes nothing new
   */
  void add(PrefillJob job) {
    lock.lock();
    try {
      if (draining) {
        throw BatonException.draining();
      }
      if (queue.size() + restoring.size() >= most) {
        throw BatonException.overloaded("the prefill queue of " + most, RETRY_AFTER);
      }
      restoring.add(job);
    } finally {
      lock.unlock();
    }
  }

  /** A job waits for its KV no more, and enters the queue unless it was withdrawn meanwhile. */
  void restored(PrefillJob job, PulledBlocks pulled) {
    lock.lock();
    try {
      if (restoring.remove(job)) {
        job.pulled(pulled);
        queue.add(job);
      }
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Takes back a job that has not started; false if it has, or is gone. */
  boolean withdraw(PrefillJob job) {
    lock.lock();
    try {
      boolean waited = queue.remove(job) || restoring.remove(job);
      changed.signalAll();
      return waited;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Starts jobs for which there is room, and waits until some compute.
   *
   * @param started called, under the lock, for each job that starts
   * @return false once nothing computes and this is closed
   */
  boolean awaitWork(Consumer<PrefillJob> started) {
    lock.lock();
    try {
      while (true) {
        start(started);
        if (!computing.isEmpty()) {
          return true;
        }
        if (closed) {
          return false;
        }
        changed.awaitUninterruptibly();
      }
    } finally {
      lock.unlock();
    }
  }

  private void start(Consumer<PrefillJob> started) {
    long tokens = computing.stream().mapToLong(PrefillJob::remainingTokens).sum();
    while (!queue.isEmpty() && tokens < chunkTokens && queue.getFirst().tryStart()) {
      PrefillJob job = queue.removeFirst();
      computing.add(job);
      started.accept(job);
      tokens += job.remainingTokens();
    }
  }

  /** Those that compute, oldest first; for the thread that computes. */
  Collection<PrefillJob> computing() {
    return computing;
  }

  /** The engine has done with a job. */
  void computed(PrefillJob job) {
    lock.lock();
    try {
      computing.remove(job);
      pushing.add(job);
    } finally {
      lock.unlock();
    }
  }

  /** A job is over. */
  void ended(PrefillJob job) {
    lock.lock();
    try {
      pushing.remove(job);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** How much work there is. */
  PrefillLoad load() {
    lock.lock();
    try {
      long pending =
          Stream.of(queue, restoring, computing)
              .flatMap(each -> each.stream())
              .mapToLong(PrefillJob::remainingTokens)
              .sum();
      return new PrefillLoad(
          computing.size() + pushing.size(), queue.size() + restoring.size(), pending, draining);
    } finally {
      lock.unlock();
    }
  }

  /** Takes nothing new from now on. */
  void refuseNew() {
    lock.lock();
    try {
      draining = true;
    } finally {
      lock.unlock();
    }
  }

  /** Whether it takes nothing new. */
  boolean isDraining() {
    return draining;
  }

  /** Those that are not gone. */
  List<PrefillJob> all() {
    lock.lock();
    try {
      return Stream.of(queue, restoring, computing, pushing)
          .flatMap(each -> each.stream())
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /** Those that have not started, or are not computed when so many tokens are, oldest first. */
  List<PrefillJob> outliving(double tokensWithin) {
    List<PrefillJob> outliving = new ArrayList<>();
    lock.lock();
    try {
      outliving.addAll(queue);
      outliving.addAll(restoring);
      long tokens = 0;
      for (PrefillJob job : computing) {
        tokens += job.remainingTokens();
        if (tokens > tokensWithin) {
          outliving.add(job);
        }
      }
    } finally {
      lock.unlock();
    }
    return outliving;
  }

  /** Waits until all are gone; false if some are not after this long. */
  boolean awaitNone(Duration limit) {
    long left = limit.toNanos();
    lock.lock();
    try {
      while (!(queue.isEmpty()
          && restoring.isEmpty()
          && computing.isEmpty()
          && pushing.isEmpty())) {
        if (left <= 0) {
          return false;
        }
        left = changed.awaitNanos(left);
      }
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } finally {
      lock.unlock();
    }
  }

  /** Blocks became free: a job may have room. */
  void wake() {
    lock.lock();
    try {
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** The thread that computes may end when nothing computes. */
  void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
