package dev.baton.engine.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The product of many rows, six at a time: a run of k of a panel's weights is made floats once for
 * all of them, in memory that stays in a cache.
 *
 * <p>Not safe for use by several threads at once.
 */
final class ManyRows {
  /**
   * So many times six rows are computed in short runs of k, whose weights stay in the first cache
   * when they are floats. More stay with all of a block's, which fit into the second: reading those
   * costs less than putting sums away between runs.
   */
  private static final int FEW_SIXES = 8;

  private static final int SHORT_RUN = 128;
  private static final int SIX_SUMS = SixRows.COUNT * Panels.COLUMNS;

  private final Team team;
  private final Output output;
  private final MemorySegment[] wide;
  private final float[][] sums;
  private final Team.Task multiply = this::multiply;
  private final Team.Task pack = this::pack;

  // The product that the team computes.
  private float[] a = {};
  private int aStride;
  private int rows;
  private Panels w = new F32Panels(0, 0, MemorySegment.NULL);

  /** Six rows after the other, in each of them one step of k after the other. */
  private float[] packed = {};

  /** Products by this team. */
  ManyRows(Team team, Output output) {
    this.team = team;
    this.output = output;
    this.wide = new MemorySegment[team.members()];
    this.sums = new float[team.members()][];
    Arena arena = Arena.ofAuto();
    for (int member = 0; member < wide.length; member++) {
      wide[member] = arena.allocate(Panels.WIDE_BYTES, Panels.CACHE_LINE);
      sums[member] = new float[0];
    }
  }

  /** Adds {@code a w} to the output. */
  void run(float[] a, int aStride, int rows, Panels w) {
    this.a = a;
    this.aStride = aStride;
    this.rows = rows;
    this.w = w;
    packRows();
    team.run(w.panels(), multiply);
  }

  private void packRows() {
    int sixes = Math.ceilDiv(rows, SixRows.COUNT);
    if (packed.length < sixes * SixRows.COUNT * w.depth()) {
      packed = new float[sixes * SixRows.COUNT * w.depth()];
    }
    if (sums[0].length < sixes * SIX_SUMS) {
      for (int member = 0; member < sums.length; member++) {
        sums[member] = new float[sixes * SIX_SUMS];
      }
    }
    team.run(sixes, pack);
  }

  /** Puts six rows side by side, as the kernels want them; zeros where there are none. */
  private void pack(int member, int from, int to) {
    int depth = w.depth();
    for (int six = from; six < to; six++) {
      int first = six * SixRows.COUNT;
      for (int r = 0; r < SixRows.COUNT; r++) {
        int at = first * depth + r;
        if (first + r < rows) {
          int row = (first + r) * aStride;
          for (int k = 0; k < depth; k++) {
            packed[at + k * SixRows.COUNT] = a[row + k];
          }
        } else {
          for (int k = 0; k < depth; k++) {
            packed[at + k * SixRows.COUNT] = 0;
          }
        }
      }
    }
  }

  private void multiply(int member, int from, int to) {
    for (int panel = from; panel < to; panel++) {
      for (int block = 0; block < w.depth(); block += Panels.BLOCK_DEPTH) {
        multiply(panel, block, wide[member], sums[member]);
      }
    }
  }

  private void multiply(int panel, int block, MemorySegment floats, float[] sum) {
    int sixes = Math.ceilDiv(rows, SixRows.COUNT);
    int run = sixes > FEW_SIXES ? Panels.BLOCK_DEPTH : SHORT_RUN;
    int end = Math.min(block + Panels.BLOCK_DEPTH, w.depth());
    for (int k = block; k < end; k += run) {
      int count = Math.min(run, end - k);
      w.widen(panel, k, count, floats);
      for (int six = 0; six < sixes; six++) {
        int aAt = (six * w.depth() + k) * SixRows.COUNT;
        int sumsAt = six * SIX_SUMS;
        if (k == block) {
          Arrays.fill(sum, sumsAt, sumsAt + SIX_SUMS, 0);
        }
        w.sixRows(packed, aAt, floats, count, sum, sumsAt);
        if (k + count == end) {
          addBlock(six * SixRows.COUNT, panel, block, sum, sumsAt);
        }
      }
    }
  }

  /** Adds a block's sums of six rows to what the output holds. */
  private void addBlock(int first, int panel, int block, float[] sum, int sumsAt) {
    int end = Math.min(first + SixRows.COUNT, rows);
    for (int row = first; row < end; row++) {
      if (block == 0) {
        output.begin(row, panel, 1);
      }
      output.add(row, panel, 1, sum, sumsAt + (row - first) * Panels.COLUMNS);
    }
  }
}
