package dev.baton.kv;

import java.lang.foreign.MemorySegment;

/**
 * One block of a {@link BlockPool}: a handle to its memory, the same object as long as the pool
 * lives. Whoever holds a reference (see the pool's ownership rules) may read; only the one holder
 * of a block that was reserved and not yet published may write.
 */
public final class Block {
  private final int index;
  private final MemorySegment bytes;
  private final Layout layout;

  Block(int index, MemorySegment bytes, Layout layout) {
    this.index = index;
    this.bytes = bytes;
    this.layout = layout;
  }

  /** Place in the pool, from 0. */
  public int index() {
    return index;
  }

  /**
   * The block's memory, {@link Layout#blockBytes()} bytes, 64-byte aligned, valid as long as the
   * pool.
   */
  public MemorySegment bytes() {
    return bytes;
  }

  /** The memory of one plane, {@link Layout#planeBytes()} bytes. */
  public MemorySegment plane(int layer, PlaneKind kind) {
    return bytes.asSlice(layout.planeOffset(layer, kind), layout.planeBytes());
  }

  @Override
  public String toString() {
    return "Block[" + index + "]";
  }
}
