package dev.baton.cli.bench;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.zip.CRC32C;

/**
 * All blocks of a pool, held until it closes, walked round and round: each is cold when it comes.
 */
final class BenchPool implements AutoCloseable {
  private final BlockPool pool;
  private final List<Block> blocks;

  /** Takes the memory, and touches all of it. */
  BenchPool(BenchShape shape) {
    this.pool = new BlockPool(shape.layout(), shape.blocks());
    this.blocks = Objects.requireNonNull(pool.tryReserve(shape.blocks()), "a new pool has room");
    clear();
  }

  /** Blocks {@code from}, {@code from + 1} and so on, round and round. */
  List<Block> blocks(int from, int count) {
    return IntStream.range(from, from + count)
        .mapToObj(i -> blocks.get(i % blocks.size()))
        .toList();
  }

  /** Fills every block with bytes that no other block holds. */
  void fill(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (Block block : blocks) {
      MemorySegment bytes = block.bytes();
      for (long at = 0; at + Long.BYTES <= bytes.byteSize(); at += Long.BYTES) {
        bytes.set(ValueLayout.JAVA_LONG_UNALIGNED, at, random.nextLong());
      }
    }
  }

  /** Sets every byte to zero. */
  void clear() {
    blocks.forEach(block -> block.bytes().fill((byte) 0));
  }

  /** Checksum of the first {@code count} blocks. */
  long checksum(int count) {
    CRC32C sum = new CRC32C();
    blocks
        .subList(0, Math.min(count, blocks.size()))
        .forEach(block -> sum.update(block.bytes().asByteBuffer()));
    return sum.getValue();
  }

  @Override
  public void close() {
    pool.release(blocks);
    pool.close();
  }
}
