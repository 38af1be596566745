package dev.baton.model.quantize;

import dev.baton.model.weights.BFloat16;

/**
 * Rounds the weights of a group to int8 and one scale. The scale is the largest magnitude by
 * {@value #MOST}, to the nearest bf16, and a weight the nearest multiple of it (of two as near, the
 * even one): off by half a scale at most, and none beyond {@value #MOST}. A bf16 is off by 1/256 at
 * most, so that the largest weight comes to less than 127.5 scales; where it would not, because the
 * scale is subnormal, the scale is the next larger one.
 */
final class GroupRounding {
  /** Largest magnitude of an element; -128 is not used, so that signs are alike. */
  static final int MOST = 127;

  /** Of a group of zeros: any scale is right, and readers that divide by it need one above 0. */
  private static final short ONE = BFloat16.nearest(1);

  private GroupRounding() {}

  /** The bits of the scale of a group whose largest magnitude, finite, is this. */
  static short scale(float largest) {
    if (largest == 0) {
      return ONE;
    }
    short scale = BFloat16.nearest(largest / MOST);
    while (steps(largest, BFloat16.toFloat(scale)) > MOST) {
      scale++;
    }
    return scale;
  }

  /** The element that stands for a weight. */
  static byte element(float weight, float scale) {
    return (byte) steps(weight, scale);
  }

  /** In doubles, which tell the nearest multiple of every float by every bf16. */
  private static double steps(float weight, float scale) {
    return Math.rint((double) weight / scale);
  }
}
