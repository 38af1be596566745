package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExpTest {
  /** Every 997th float from -104 to 89: all results from 0 to infinity. */
  @Test
  void errorIsLessThanOneUlp() {
    double worst = 0;
    for (float[] range : new float[][] {{0x1p-30f, 89}, {-0x1p-30f, -104}}) {
      int end = Float.floatToRawIntBits(range[1]);
      for (int bits = Float.floatToRawIntBits(range[0]); bits < end; bits += 997) {
        float x = Float.intBitsToFloat(bits);
        double exact = StrictMath.exp(x);
        float got = Exp.of(x);
        if (exact < Float.MAX_VALUE) {
          worst = Math.max(worst, Math.abs(got - exact) / Math.ulp((float) exact));
        } else {
          assertThat(got).isGreaterThanOrEqualTo(Float.MAX_VALUE);
        }
      }
    }
    assertThat(worst).isLessThan(1);
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
