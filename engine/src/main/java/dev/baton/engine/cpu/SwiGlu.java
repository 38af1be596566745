package dev.baton.engine.cpu;

/** Kernel: {@code out[i] = gate[i] / (1 + e^-gate[i]) * up[i]}, gate and up in one row. */
final class SwiGlu {
  private SwiGlu() {}

  static void row(float[] gateUp, int at, int count, float[] out, int outAt) {
    for (int i = 0; i < count; i++) {
      out[outAt + i] = -gateUp[at + i];
    }
    Exp.all(out, outAt, count, 0);
    int up = at + count;
    for (int i = 0; i < count; i++) {
      out[outAt + i] = gateUp[at + i] / (1 + out[outAt + i]) * gateUp[up + i];
    }
  }
}
