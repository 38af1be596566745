package dev.baton.engine.cpu;

/**
 * Kernel: {@code out[i] = weight[i] * (x[i] / sqrt(mean of x^2 + epsilon))}. The squares are added
 * up in doubles, in sequence.
 */
final class RmsNorm {
  private RmsNorm() {}

  static void row(float[] x, int at, float[] weight, double epsilon, float[] out, int outAt) {
    int count = weight.length;
    double squares = 0;
    for (int i = 0; i < count; i++) {
      double each = x[at + i];
      squares += each * each;
    }
    float scale = (float) (1 / Math.sqrt(squares / count + epsilon));
    for (int i = 0; i < count; i++) {
      out[outAt + i] = weight[i] * (x[at + i] * scale);
    }
  }
}
