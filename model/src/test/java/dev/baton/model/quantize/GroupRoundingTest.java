package dev.baton.model.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.weights.BFloat16;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GroupRoundingTest {
  @Test
  void noWeightIsOffByMoreThanHalfAScaleNorBeyondTheLargestElement() {
    long seed = new SplittableRandom().nextLong();
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < 20_000; i++) {
      float[] group = new float[32];
      // All magnitudes that floats have, subnormal ones too.
      double magnitude = Math.scalb(1.0, random.nextInt(-149, 128));
      for (int k = 0; k < group.length; k++) {
        group[k] = (float) (magnitude * random.nextDouble(-1, 1));
      }
      requireNear(group, "seed " + seed);
    }
  }

  /** The mantissas at which a bf16 scale is most off, above and below. */
  @Test
  void everyMantissaOfTheLargestWeightIsRepresentable() {
    for (int mantissa = 0; mantissa < 1 << 23; mantissa += 61) {
      float largest = Float.intBitsToFloat(0x3F80_0000 | mantissa);
      requireNear(new float[] {largest, -largest, largest / 3}, "largest " + largest);
    }
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.MAX_VALUE, 1, Float.MIN_NORMAL, 1e-40f, Float.MIN_VALUE})
  void extremesAreRepresentable(float largest) {
    requireNear(new float[] {largest, -largest, 0, largest / 2}, "largest " + largest);
  }

  @Test
  void aLargestWeightThatScalesExactlyKeepsItsValue() {
    short scale = GroupRounding.scale(127 * 0.25f);
    assertThat(BFloat16.toFloat(scale)).isEqualTo(0.25f);
    assertThat(GroupRounding.element(-127 * 0.25f, 0.25f)).isEqualTo((byte) -127);
    assertThat(GroupRounding.element(3 * 0.25f, 0.25f)).isEqualTo((byte) 3);
    // Of two as near, the even one.
    assertThat(GroupRounding.element(2.5f * 0.25f, 0.25f)).isEqualTo((byte) 2);
    assertThat(GroupRounding.element(3.5f * 0.25f, 0.25f)).isEqualTo((byte) 4);
  }

  @Test
  void aGroupOfZerosStaysZeroAndHasAScaleThatCanBeDividedBy() {
    float scale = BFloat16.toFloat(GroupRounding.scale(0));
    assertThat(scale).isPositive();
    assertThat(GroupRounding.element(0, scale)).isZero();
    assertThat(GroupRounding.element(-0f, scale)).isZero();
  }

  private static void requireNear(float[] group, String of) {
    float largest = 0;
    for (float weight : group) {
      largest = Math.max(largest, Math.abs(weight));
    }
    float scale = BFloat16.toFloat(GroupRounding.scale(largest));
    for (float weight : group) {
      byte element = GroupRounding.element(weight, scale);
      assertThat(element).as(of).isBetween((byte) -127, (byte) 127);
      // Exact in doubles: a float less 15 bits that are as large.
      assertThat(Math.abs(weight - element * (double) scale))
          .as("%s: %s as %d of %s", of, weight, element, scale)
          .isLessThanOrEqualTo(scale / 2.0);
    }
  }
}
