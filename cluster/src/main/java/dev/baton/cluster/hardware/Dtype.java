package dev.baton.cluster.hardware;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** Element types in which a chip multiplies matrices. */
public enum Dtype {
  /** IEEE 754 binary32. */
  FP32(4),
  /** The upper half of binary32. */
  BF16(2),
  /** IEEE 754 binary16. */
  FP16(2),
  /** Either 8-bit floating-point format. */
  FP8(1),
  /** 8-bit integers. */
  INT8(1);

  private final int bytes;

  Dtype(int bytes) {
    this.bytes = bytes;
  }

  /** Size of an element. */
  public int bytes() {
    return bytes;
  }

  /** As profiles write it: lower case. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type of this label. */
  static Optional<Dtype> of(String label) {
    return Arrays.stream(values()).filter(each -> each.label().equals(label)).findFirst();
  }
}
