package dev.baton.engine.cpu;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Kernel: {@code e^x} in floats, the same bits in lanes and alone, on every machine.
 *
 * <p>{@code x = n ln 2 + r} with {@code |r| <= ln 2 / 2}; {@code e^r} by its Taylor polynomial of
 * degree 7 with fused multiply-adds; times {@code 2^n} in two exact halves, so that results
 * underflow gradually and overflow to infinity. Error: less than 1 ulp. NaN stays NaN.
 */
final class Exp {
  private static final VectorSpecies<Float> S = Lanes.FLOATS;
  private static final int L = Lanes.COUNT;

  /** Beyond, the result is 0 or infinity whatever x is. */
  private static final float LIMIT = 150;

  private static final float LOG2_E = (float) 1.4426950408889634;

  // ln 2 in two parts; the first has so few bits that its product with n is exact.
  private static final float LN_2_HIGH = 355f / 512;
  private static final float LN_2_LOW = (float) (0.6931471805599453 - LN_2_HIGH);

  /** 1.5 * 2^23: adding it rounds to an integer, which is left when it is taken away again. */
  private static final float ROUND = 12_582_912f;

  private static final float C7 = 1f / 5040;
  private static final float C6 = 1f / 720;
  private static final float C5 = 1f / 120;
  private static final float C4 = 1f / 24;
  private static final float C3 = 1f / 6;
  private static final float C2 = 1f / 2;

  private static final int BIAS = 127;
  private static final int FRACTION = 23;

  private Exp() {}

  /** {@code e^x}. */
  static float of(float x) {
    float cut = Math.min(Math.max(x, -LIMIT), LIMIT);
    float rounded = Math.fma(cut, LOG2_E, ROUND);
    float n = rounded - ROUND;
    float r = Math.fma(n, -LN_2_LOW, Math.fma(n, -LN_2_HIGH, cut));
    float p = Math.fma(C7, r, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, 1);
    p = Math.fma(p, r, 1);
    int power = (int) n;
    int half = power >> 1;
    return p
        * Float.intBitsToFloat((half + BIAS) << FRACTION)
        * Float.intBitsToFloat((power - half + BIAS) << FRACTION);
  }

  /** {@code x[i] = e^(x[i] - minus)} for {@code count} elements from {@code at} on. */
  static void all(float[] x, int at, int count, float minus) {
    int i = at;
    int end = at + count;
    for (; i <= end - L; i += L) {
      FloatVector cut = FloatVector.fromArray(S, x, i).sub(minus).max(-LIMIT).min(LIMIT);
      FloatVector rounded = cut.fma(LOG2_E, ROUND);
      FloatVector n = rounded.sub(ROUND);
      FloatVector r = n.fma(FloatVector.broadcast(S, -LN_2_HIGH), cut);
      r = n.fma(FloatVector.broadcast(S, -LN_2_LOW), r);
      FloatVector p = r.fma(C7, C6);
      p = p.fma(r, FloatVector.broadcast(S, C5));
      p = p.fma(r, FloatVector.broadcast(S, C4));
      p = p.fma(r, FloatVector.broadcast(S, C3));
      p = p.fma(r, FloatVector.broadcast(S, C2));
      p = p.fma(r, FloatVector.broadcast(S, 1));
      p = p.fma(r, FloatVector.broadcast(S, 1));
      // Not the bits of `rounded`: package-info says what reinterpreting floats would cost all
      // kernels.
      IntVector power = (IntVector) n.convert(VectorOperators.F2I, 0);
      IntVector half = power.lanewise(VectorOperators.ASHR, 1);
      IntVector rest = power.sub(half);
      p.mul(half.add(BIAS).lanewise(VectorOperators.LSHL, FRACTION).reinterpretAsFloats())
          .mul(rest.add(BIAS).lanewise(VectorOperators.LSHL, FRACTION).reinterpretAsFloats())
          .intoArray(x, i);
    }
    for (; i < end; i++) {
      x[i] = of(x[i] - minus);
    }
  }
}
