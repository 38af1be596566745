package dev.baton.model.weights;

/** Element types of weights, little-endian, as safetensors names them. */
public enum WeightDtype {
  /** IEEE 754 binary32. */
  F32(4),
  /** IEEE 754 binary16. */
  F16(2),
  /** The upper half of binary32. */
  BF16(2),
  /**
   * Two's complement. Such a tensor has {@linkplain Tensor#scales scales}: a weight is its element
   * times the scale of its group.
   */
  I8(1);

  private final int bytes;

  WeightDtype(int bytes) {
    this.bytes = bytes;
  }

  /** Size of one element, in bytes. */
  public int bytes() {
    return bytes;
  }
}
