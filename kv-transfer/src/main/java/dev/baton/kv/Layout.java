package dev.baton.kv;

import java.util.Objects;

/**
 * Exact shape of a block, in memory and on the wire. A block is {@code layers} times a K plane and
 * a V plane, each of {@link #planeBytes()} bytes, without gaps: layer 0 K, layer 0 V, layer 1 K,
 * and so on.
 *
 * @param layers transformer layers
 * @param kvHeads key/value heads of each layer
 * @param headSize elements of one head's vector
 * @param dtype element type
 * @param blockTokens tokens in a block
 * @param order order of elements within a plane
 */
public record Layout(
    int layers, int kvHeads, int headSize, KvDtype dtype, int blockTokens, PlaneOrder order) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is less than 1, or a block would exceed 1 GiB
   */
  public Layout {
    Objects.requireNonNull(dtype, "dtype");
    Objects.requireNonNull(order, "order");
    positive("layers", layers);
    positive("kvHeads", kvHeads);
    positive("headSize", headSize);
    positive("blockTokens", blockTokens);
    double bytes = 2.0 * layers * kvHeads * headSize * blockTokens * dtype.bytes();
    if (bytes > 1 << 30) {
      throw new IllegalArgumentException(
          "layout: a block of " + bytes + " bytes, expected at most 1 GiB");
    }
  }

  private static void positive(String field, int value) {
    if (value < 1) {
      throw new IllegalArgumentException(
          "layout." + field + ": " + value + ", expected at least 1");
    }
  }

  /** Elements of one plane. */
  public int planeElements() {
    return kvHeads * headSize * blockTokens;
  }

  /** Bytes of one plane. */
  public int planeBytes() {
    return planeElements() * dtype.bytes();
  }

  /** Planes of one block. */
  public int planes() {
    return layers * PlaneKind.values().length;
  }

  /** Bytes of one block. */
  public int blockBytes() {
    return planes() * planeBytes();
  }

  /** Where a plane starts within its block, in bytes. */
  public int planeOffset(int layer, PlaneKind kind) {
    Objects.checkIndex(layer, layers);
    return (2 * layer + kind.place()) * planeBytes();
  }

  /** Blocks that {@code tokens} tokens need, the last perhaps partly filled. */
  public int blocksFor(int tokens) {
    return Math.ceilDiv(tokens, blockTokens);
  }
}
