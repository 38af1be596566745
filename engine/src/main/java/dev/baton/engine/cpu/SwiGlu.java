package dev.baton.engine.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/** Kernel: {@code out[i] = gate[i] / (1 + e^-gate[i]) * up[i]}, gate and up in one row. */
final class SwiGlu {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  private SwiGlu() {}

  static void row(float[] gateUp, int at, int count, float[] out, int outAt) {
    int whole = count / L * L;
    int up = at + count;
    for (int i = 0; i < whole; i += L) {
      FloatVector.fromArray(S, gateUp, at + i).neg().intoArray(out, outAt + i);
    }
    for (int i = whole; i < count; i++) {
      out[outAt + i] = -gateUp[at + i];
    }
    Exp.all(out, outAt, count, 0);
    for (int i = 0; i < whole; i += L) {
      FloatVector.fromArray(S, gateUp, at + i)
          .div(FloatVector.fromArray(S, out, outAt + i).add(1))
          .mul(FloatVector.fromArray(S, gateUp, up + i))
          .intoArray(out, outAt + i);
    }
    for (int i = whole; i < count; i++) {
      out[outAt + i] = gateUp[at + i] / (1 + out[outAt + i]) * gateUp[up + i];
    }
  }
}
