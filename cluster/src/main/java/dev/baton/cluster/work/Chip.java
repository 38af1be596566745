package dev.baton.cluster.work;

import dev.baton.cluster.phase.PhaseModel;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The time of the chips that one worker runs on, or two of different roles: every second goes into
 * one step, or is idle, and is counted once.
 *
 * <ul>
 *   <li>A step that waits for the other worker's, which has the engine, does not count the wait.
 *   <li>Idle time is divided evenly between the workers that are there.
 *   <li>What a step in progress takes is counted at its end, so sums never go down.
 * </ul>
 *
 * <p>Safe for use by many threads; nothing here waits.
 */
public final class Chip {
  private final Optional<PhaseModel> phases;
  private final LongSupplier nanos;

  // All below guarded by this.
  private int workers;
  private int steps;

  /** Until then all time is counted. */
  private long countedUntil;

  private long idleNanosEach;

  /**
   * Chips that nobody runs on yet.
   *
   * @param phases what they do and take; empty where nobody said
   * @param nanos monotonic clock, as {@link System#nanoTime()}
   */
  public Chip(Optional<PhaseModel> phases, LongSupplier nanos) {
    this.phases = phases;
    this.nanos = nanos;
    this.countedUntil = nanos.getAsLong();
  }

  /** What they do and take; empty where nobody said. */
  public Optional<PhaseModel> phases() {
    return phases;
  }

  /** A worker begins to run on them; answers where its idle time begins. */
  synchronized long join() {
    countIdle();
    workers++;
    return idleNanosEach;
  }

  synchronized void leave() {
    countIdle();
    workers--;
  }

  /** Idle time of a worker that was there from the start. */
  synchronized long idleNanosEach() {
    countIdle();
    return idleNanosEach;
  }

  /** A step begins, or waits for its turn; answers the time. */
  synchronized long begin() {
    long now = countIdle();
    steps++;
    return now;
  }

  /** The step that began then is over; answers how long it had the chips. */
  synchronized long end(long begun) {
    long now = nanos.getAsLong();
    long took = now - Math.max(begun, countedUntil);
    countedUntil = now;
    steps--;
    return took;
  }

  private long countIdle() {
    long now = nanos.getAsLong();
    if (steps == 0) {
      idleNanosEach += (now - countedUntil) / Math.max(1, workers);
      countedUntil = now;
    }
    return now;
  }
}
