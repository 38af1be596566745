package dev.baton.engine.cpu;

import java.util.Arrays;

/**
 * Cosines and sines of the angles of every position that came up so far: to compute them anew for
 * each token would cost time, and memory that {@link StrictMath} allocates. Grows by whole runs of
 * positions; {@link #turn} may be called by several threads, but not while it grows.
 */
final class AngleTable {
  private static final int RUN = 256;

  private final RotaryEmbedding rotary;
  private float[][] cosines = {};
  private float[][] sines = {};

  AngleTable(RotaryEmbedding rotary) {
    this.rotary = rotary;
  }

  /** Has the angles of this position, and of all before it. */
  void reach(int position) {
    int known = cosines.length;
    int runs = position / RUN + 1;
    if (runs <= known) {
      return;
    }
    cosines = Arrays.copyOf(cosines, runs);
    sines = Arrays.copyOf(sines, runs);
    for (int run = known; run < runs; run++) {
      cosines[run] = new float[RUN * rotary.pairs()];
      sines[run] = new float[RUN * rotary.pairs()];
      for (int i = 0; i < RUN; i++) {
        rotary.angles(run * RUN + i, cosines[run], sines[run], i * rotary.pairs());
      }
    }
  }

  /** Turns one head's vector in place, by the angles of a position that was reached. */
  void turn(float[] x, int at, int position) {
    int run = position / RUN;
    rotary.turn(x, at, cosines[run], sines[run], position % RUN * rotary.pairs());
  }
}
