package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExpTest {
  /** What docs/engine.md says; the largest error there is comes to 0.9387. */
  private static final double STATED_ULPS = 0.94;

  private static final int RUN = 1 << 16;

  /**
   * All floats there are, NaNs too. What counts as exact is {@link Math#exp} in doubles, which is
   * specified to be less than 2^-28 of a float's ulp away.
   */
  @Test
  void errorOfNoFloatReachesTheStatedBound() {
    double worst = 0;
    float[] x = new float[RUN];
    int run = 0;
    do {
      for (int i = 0; i < RUN; i++) {
        x[i] = Float.intBitsToFloat(run + i);
      }
      Exp.all(x, 0, RUN, 0);
      worst = Math.max(worst, worst(run, x));
      run += RUN;
    } while (run != 0);
    assertThat(worst).isLessThan(STATED_ULPS);
  }

  /** Of a run of floats, of which the first has these bits: signs and powers of two part runs. */
  private static double worst(int run, float[] got) {
    float first = Float.intBitsToFloat(run);
    if (Math.abs(first) < 0x1p-26) {
      return whereverNot(1, got);
    }
    if (first >= 89 && first < Float.POSITIVE_INFINITY) {
      return whereverNot(Float.POSITIVE_INFINITY, got);
    }
    if (first <= -104 && first > Float.NEGATIVE_INFINITY) {
      return whereverNot(0, got);
    }
    double worst = 0;
    for (int i = 0; i < RUN; i++) {
      worst = Math.max(worst, error(Float.intBitsToFloat(run + i), got[i]));
    }
    return worst;
  }

  private static double whereverNot(float right, float[] got) {
    int wrong = 0;
    for (float each : got) {
      wrong += each == right ? 0 : 1;
    }
    return wrong == 0 ? 0 : Double.POSITIVE_INFINITY;
  }

  /** Of {@code got} as e^x, in ulps of the exact result. */
  private static double error(float x, float got) {
    double exact = Math.exp(x);
    if (exact <= Float.MAX_VALUE) {
      return Math.abs(got - exact) / Math.ulp((float) exact);
    }
    boolean right = x > 0 ? got >= Float.MAX_VALUE : Float.isNaN(x) && Float.isNaN(got);
    return right ? 0 : Double.POSITIVE_INFINITY;
  }

  @Test
  void lanesHaveTheBitsOfTheScalarForm() {
    SplittableRandom random = new SplittableRandom(5);
    float[] x = new float[100_003];
    for (int i = 0; i < x.length; i++) {
      x[i] =
          i % 3 == 0 ? Float.intBitsToFloat(random.nextInt()) : (float) random.nextDouble(-110, 95);
    }
    float[] all = x.clone();
    Exp.all(all, 0, all.length, 1.5f);
    for (int i = 0; i < x.length; i++) {
      assertThat(Float.floatToIntBits(all[i]))
          .as("e^(%s - 1.5)", x[i])
          .isEqualTo(Float.floatToIntBits(Exp.of(x[i] - 1.5f)));
    }
  }

  @Test
  void touchesOnlyItsRange() {
    for (int count = 0; count < 40; count++) {
      float[] x = new float[44];
      Exp.all(x, 2, count, 0);
      for (int i = 0; i < x.length; i++) {
        assertThat(x[i]).isEqualTo(i >= 2 && i < 2 + count ? 1 : 0);
      }
    }
  }

  @Test
  void endsOfTheRangeAreWhatTheyShouldBe() {
    assertThat(Exp.of(Float.NEGATIVE_INFINITY)).isZero();
    assertThat(Exp.of(-1e30f)).isZero();
    assertThat(Exp.of(0)).isEqualTo(1);
    assertThat(Exp.of(-0f)).isEqualTo(1);
    assertThat(Exp.of(1e30f)).isInfinite();
    assertThat(Exp.of(Float.POSITIVE_INFINITY)).isInfinite();
    assertThat(Exp.of(Float.NaN)).isNaN();
    assertThat(Exp.of(-100)).as("a subnormal").isBetween(0f, Float.MIN_NORMAL);
  }
}
