package dev.baton.cli.bench;

import dev.baton.kv.Block;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;

/** Copies blocks within this process, from a pool into memory as large. */
final class MemoryCopy implements AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final BenchShape shape;
  private final MemorySegment to;

  MemoryCopy(BenchShape shape) {
    this.shape = shape;
    this.to = arena.allocate(shape.poolBytes(), 64);
  }

  /** 10^9 bytes a second, by one thread, plane by plane. */
  double gbps(BenchPool from) {
    long planeBytes = shape.layout().planeBytes();
    List<Block> blocks = from.blocks(0, shape.blocks());
    long start = System.nanoTime();
    long at = 0;
    for (Block block : blocks) {
      for (long plane = 0; plane < block.bytes().byteSize(); plane += planeBytes) {
        MemorySegment.copy(block.bytes(), plane, to, at, planeBytes);
        at += planeBytes;
      }
    }
    return (double) at / (System.nanoTime() - start);
  }

  @Override
  public void close() {
    arena.close();
  }
}
