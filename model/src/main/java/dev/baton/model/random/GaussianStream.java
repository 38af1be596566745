package dev.baton.model.random;

import java.nio.charset.StandardCharsets;

/**
 * Normally distributed numbers that are the same on every machine and JDK: SplitMix64 (Steele, Lea,
 * Flood 2014) under Marsaglia's polar method in {@link StrictMath}. One thread at a time.
 */
final class GaussianStream {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private long state;
  private double spare = Double.NaN;

  /** The stream of one name: streams of other names or seeds are unrelated. */
  GaussianStream(long seed, String name) {
    long hash = seed;
    for (byte each : name.getBytes(StandardCharsets.UTF_8)) {
      hash = mix(hash + GOLDEN + each);
    }
    this.state = hash;
  }

  /** The next number, of mean 0 and variance 1. */
  double next() {
    if (!Double.isNaN(spare)) {
      double number = spare;
      spare = Double.NaN;
      return number;
    }
    while (true) {
      double x = uniform();
      double y = uniform();
      double square = x * x + y * y;
      if (square > 0 && square < 1) {
        double stretch = StrictMath.sqrt(-2 * StrictMath.log(square) / square);
        spare = y * stretch;
        return x * stretch;
      }
    }
  }

  /** In [-1, 1). */
  private double uniform() {
    state += GOLDEN;
    return (mix(state) >>> 11) * 0x1p-52 - 1;
  }

  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
