package dev.baton.cli.machine;

import java.util.DoubleSummaryStatistics;

/**
 * Measures what a machine can do at most, again and again: between rounds of what is held against
 * it. Holds the memory that it reads until it is closed. Not safe for use by several threads.
 */
public final class LimitProbe implements AutoCloseable {
  private final Crew crew;
  private final FmaPeak fma = new FmaPeak();
  private final MemorySpeed memory;
  private final DoubleSummaryStatistics flops = new DoubleSummaryStatistics();
  private final DoubleSummaryStatistics reading = new DoubleSummaryStatistics();

  /**
   * Measures both, the best of three rounds after one in which the JVM compiles what measures.
   *
   * @param crew whose rounds a measurement takes
   * @param memoryBytes to read: larger than any cache
   */
  public LimitProbe(Crew crew, long memoryBytes) throws InterruptedException {
    this.crew = crew;
    this.memory = new MemorySpeed(memoryBytes, crew.members());
    try {
      flops.accept(crew.perSecond(fma));
      reading.accept(crew.perSecond(memory::read));
    } catch (InterruptedException | RuntimeException | Error e) {
      memory.close();
      throw e;
    }
  }

  /** Fused multiply-adds of floats now, two operations each. */
  public double flopsPerSecond() throws InterruptedException {
    return kept(flops, crew.round(fma));
  }

  /** Bytes a second of reading memory that no cache holds, now. */
  public double readBytesPerSecond() throws InterruptedException {
    return kept(reading, crew.round(memory::read));
  }

  private static double kept(DoubleSummaryStatistics all, double now) {
    all.accept(now);
    return now;
  }

  /** What was measured so far of {@link #flopsPerSecond}, the best at the beginning included. */
  public DoubleSummaryStatistics flops() {
    return flops;
  }

  /** Likewise of {@link #readBytesPerSecond}. */
  public DoubleSummaryStatistics reading() {
    return reading;
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    memory.close();
  }
}
