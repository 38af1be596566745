package dev.baton.cli.machine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Threads that do the same work at the same time, to see what the machine does when it is full. */
public final class Crew {
  /** Work that is done again and again. */
  interface Work {
    /** Does it once; the result says how much it was. */
    long once(int member);
  }

  private static final int ROUNDS = 3;

  private final int members;
  private final Duration round;

  /** So many threads, and how long they work at a time. */
  public Crew(int members, Duration round) {
    this.members = members;
    this.round = round;
  }

  /** How many threads. */
  public int members() {
    return members;
  }

  /**
   * Amount of work a second, all members together: the best of three rounds, after one to warm up.
   */
  double perSecond(Work work) throws InterruptedException {
    round(work);
    double best = 0;
    for (int i = 0; i < ROUNDS; i++) {
      best = Math.max(best, round(work));
    }
    return best;
  }

  /** Amount of work a second, all members together, in one round. */
  double round(Work work) throws InterruptedException {
    CountDownLatch ready = new CountDownLatch(members);
    try (ExecutorService threads = Executors.newFixedThreadPool(members)) {
      List<Future<Double>> shares = new ArrayList<>();
      for (int i = 0; i < members; i++) {
        int member = i;
        shares.add(
            threads.submit(() -> {
              ready.countDown();
              ready.await();
              return share(work, member);
            }));
      }
      double sum = 0;
      for (Future<Double> share : shares) {
        sum += share.get();
      }
      return sum;
    } catch (ExecutionException failed) {
      throw new IllegalStateException("a measurement failed", failed.getCause());
    }
  }

  private double share(Work work, int member) {
    long start = System.nanoTime();
    long done = 0;
    long elapsed = 0;
    while (elapsed < round.toNanos()) {
      done += work.once(member);
      elapsed = System.nanoTime() - start;
    }
    return done * 1e9 / elapsed;
  }
}
