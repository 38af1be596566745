package dev.baton.cluster.work;

import dev.baton.cluster.phase.PhaseModel;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The chips that one worker runs on, or two of different roles, and the time in which none of them
 * has a step: it is divided evenly between the workers that are there.
 *
 * <p>Safe for use by many threads; nothing here waits.
 */
public final class Chip {
  private final Optional<PhaseModel> phases;
  private final LongSupplier nanos;

  // All below guarded by this.
  private int workers;
  private int steps;

  /** Until then all idle time is counted. */
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

  /** The clock that it counts by. */
  LongSupplier nanos() {
    return nanos;
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

  /** A step begins, or waits for its turn. */
  synchronized void begin() {
    countIdle();
    steps++;
  }

  /** A step that began is over. */
  synchronized void end() {
    countIdle();
    steps--;
  }

  private void countIdle() {
    long now = nanos.getAsLong();
    if (steps == 0) {
      idleNanosEach += (now - countedUntil) / Math.max(1, workers);
    }
    countedUntil = now;
  }
}
