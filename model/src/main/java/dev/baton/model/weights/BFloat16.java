package dev.baton.model.weights;

/** The upper half of a float, as a number. */
public final class BFloat16 {
  private BFloat16() {}

  /** The bits of the nearest one; of two that are as near, the one with an even last bit. */
  public static short nearest(float value) {
    int bits = Float.floatToRawIntBits(value);
    return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
  }

  /** The float that these bits stand for, exactly. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
