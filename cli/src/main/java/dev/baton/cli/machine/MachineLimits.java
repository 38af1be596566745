package dev.baton.cli.machine;

import dev.baton.cli.shell.Progress;

/**
 * What a machine can do at most, as measured now: nothing that computes in floats is faster.
 *
 * @param flopsPerSecond fused multiply-adds of floats, two operations each
 * @param readBytesPerSecond reading memory that no cache holds
 * @param copyBytesPerSecond copying it; bytes that were copied, not read and written
 */
public record MachineLimits(
    double flopsPerSecond, double readBytesPerSecond, double copyBytesPerSecond) {

  /**
   * Measures; blocks for twelve rounds of the crew.
   *
   * @param memoryBytes to read and copy: larger than any cache
   */
  public static MachineLimits measure(Crew crew, long memoryBytes, Progress progress)
      throws InterruptedException {
    progress.step("fused multiply-adds on " + crew.members() + " threads");
    double flops = crew.perSecond(new FmaPeak());
    try (MemorySpeed memory = new MemorySpeed(memoryBytes, crew.members())) {
      progress.step("reading memory");
      double read = crew.perSecond(memory::read);
      progress.step("copying memory");
      return new MachineLimits(flops, read, crew.perSecond(memory::copy));
    }
  }

  /** How wide the vectors are with which it was measured, in words. */
  public static String lanes() {
    return FmaPeak.lanes();
  }
}
