package dev.baton.engine.cpu;

import java.util.Arrays;

/**
 * Cosines and sines of the angles of positions that came up so far: to compute them anew for each
 * token would cost time, and memory that {@link StrictMath} allocates. Holds whole runs of
 * positions; {@link #turn} may be called by several threads, but not while one is added.
 */
final class AngleTable {
  private static final int RUN = 256;

  private final RotaryEmbedding rotary;
  private float[][] cosines = {};
  private float[][] sines = {};

  AngleTable(RotaryEmbedding rotary) {
    this.rotary = rotary;
  }

  /** Has the angles of this position. */
  void reach(int position) {
    int run = position / RUN;
    if (run >= cosines.length) {
      cosines = Arrays.copyOf(cosines, run + 1);
      sines = Arrays.copyOf(sines, run + 1);
    }
    if (cosines[run] == null) {
      add(run);
    }
  }

  private void add(int run) {
    float[] cosinesOfRun = new float[RUN * rotary.pairs()];
    float[] sinesOfRun = new float[RUN * rotary.pairs()];
    for (int i = 0; i < RUN; i++) {
      rotary.angles(run * RUN + i, cosinesOfRun, sinesOfRun, i * rotary.pairs());
    }
    cosines[run] = cosinesOfRun;
    sines[run] = sinesOfRun;
  }

  /** Turns one head's vector in place, by the angles of a position that was reached. */
  void turn(float[] x, int at, int position) {
    int run = position / RUN;
    rotary.turn(x, at, cosines[run], sines[run], position % RUN * rotary.pairs());
  }
}
