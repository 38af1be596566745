package dev.baton.cli.bench;

import dev.baton.kv.BlockKey;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The blocks that are moved, the same on both sides.
 *
 * @param layout of every block
 * @param blocks in the pool of either side
 */
record BenchShape(Layout layout, int blocks) {
  /** What both sides say their KV is of. */
  static final Lineage LINEAGE = new Lineage("be".repeat(Lineage.BYTES));

  /** The receiver's epoch: there is only one. */
  static final long EPOCH = 1;

  private static final int TOKENS = 16;
  private static final int LAYERS = 8;

  /** Blocks of {@code 2 * LAYERS} planes of this size, as many as fit a pool of this size. */
  static BenchShape of(long planeBytes, long poolBytes) {
    return of(LAYERS, planeBytes, poolBytes);
  }

  /** Blocks of 256 KiB: what one hand-over moves. */
  static BenchShape handOver(long poolBytes) {
    return of(1, 128 << 10, poolBytes);
  }

  private static BenchShape of(int layers, long planeBytes, long poolBytes) {
    int headSize = Math.toIntExact(planeBytes / KvDtype.F32.bytes() / TOKENS);
    Layout layout =
        new Layout(layers, 1, headSize, KvDtype.F32, TOKENS, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    return new BenchShape(layout, Math.toIntExact(poolBytes / layout.blockBytes()));
  }

  /** Bytes of the whole pool. */
  long poolBytes() {
    return (long) blocks * layout.blockBytes();
  }

  /** Keys of one handoff's blocks: any will do, if both sides make the same. */
  static List<BlockKey> keys(long handoff, int count) {
    return IntStream.range(0, count).mapToObj(i -> new BlockKey(handoff, i)).toList();
  }
}
