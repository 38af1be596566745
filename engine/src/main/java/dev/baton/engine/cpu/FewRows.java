package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The product of a few rows, out of weights as they lie in memory: reading them is most of the time
 * then.
 *
 * <p>Up to four rows are computed one by one: the first reads while it computes, and the others
 * find the weights in the cache. A unit of work is four panels, whose four streams of memory keep
 * more reads under way than one. Rows of a format that is {@link Panels#fasterTogether} are
 * computed by fours, over one panel after the other: that is one stream, which the processor reads
 * ahead only as long as nothing else is read between.
 *
 * <p>Where there are few units, one is divided by blocks of k, so that no member is left waiting
 * for another's last one: a block's sums are put away, and who sums up the last one of its panels
 * adds them to the output, in order.
 *
 * <p>Not safe for use by several threads at once.
 */
final class FewRows {
  /** One by one; more are faster together, one way or the other. */
  private static final int MOST = 4;

  /** A rest of fewer rows is faster one by one. */
  private static final int LEAST_TOGETHER = 3;

  /** Of units to a member: with so many it matters little who gets the last. */
  private static final int MANY = 8;

  private final Team team;
  private final Output output;
  private final Team.Task task = this::sumUp;

  // The product that the team computes.
  private float[] a = {};
  private int aStride;
  private int rows;
  private Panels w = new F32Panels(0, 0, MemorySegment.NULL);
  private int atOnce;
  private int columns;
  private int blocks;
  private boolean apart;
  private boolean together;

  /** Rows that sums are kept for: whole fours if they are computed together. */
  private int summedRows;

  /** Sums: for each unit, or for each member's, those of all blocks, in them of all rows. */
  private float[] sums = {};

  /** Blocks whose sums are there, for each unit. */
  private AtomicIntegerArray summed = new AtomicIntegerArray(0);

  /** Products by this team. */
  FewRows(Team team, Output output) {
    this.team = team;
    this.output = output;
  }

  /** Whether so many rows are a few. */
  static boolean takes(int rows, Panels w) {
    return rows <= MOST || w.fasterTogether(rows);
  }

  /** Adds {@code a w} to the output. */
  void run(float[] a, int aStride, int rows, Panels w) {
    this.a = a;
    this.aStride = aStride;
    this.rows = rows;
    this.w = w;
    together = w.fasterTogether(rows);
    summedRows = together ? Math.ceilDiv(rows, Panels.FOUR) * Panels.FOUR : rows;
    // Where members would go without, panels are shared out singly, too.
    atOnce = !together && w.panels() >= Panels.FOUR * team.members() ? Panels.FOUR : 1;
    columns = atOnce * Panels.COLUMNS;
    blocks = Math.ceilDiv(w.depth(), Panels.BLOCK_DEPTH);
    int units = Math.ceilDiv(w.panels(), atOnce);
    apart = units < MANY * team.members();
    int places = apart ? units : team.members();
    if (sums.length < places * blocks * summedRows * columns) {
      sums = new float[places * blocks * summedRows * columns];
    }
    if (summed.length() < units) {
      summed = new AtomicIntegerArray(units);
    }
    for (int unit = 0; apart && unit < units; unit++) {
      summed.set(unit, 0);
    }
    team.run(apart ? units * blocks : units, task);
  }

  private void sumUp(int member, int from, int to) {
    for (int each = from; each < to; each++) {
      if (apart) {
        sumUpBlock(each / blocks, each % blocks);
      } else {
        for (int block = 0; block < blocks; block++) {
          sumBlock(each, block, member);
        }
        addBlocks(each, member);
      }
    }
  }

  private void sumUpBlock(int unit, int block) {
    sumBlock(unit, block, unit);
    if (summed.incrementAndGet(unit) == blocks) {
      addBlocks(unit, unit);
    }
  }

  private void sumBlock(int unit, int block, int place) {
    int k = block * Panels.BLOCK_DEPTH;
    int steps = Math.min(Panels.BLOCK_DEPTH, w.depth() - k);
    int first = unit * atOnce;
    int count = panelsOf(unit);
    int row = 0;
    for (; together && rows - row >= LEAST_TOGETHER; row += Panels.FOUR) {
      int aAt = row * aStride + k;
      int at = sumsAt(place, block, row);
      int there = Math.min(Panels.FOUR, rows - row);
      w.fourRows(a, aAt, aStride, there, first, k, steps, sums, at, columns);
    }
    for (; row < rows; row++) {
      int aAt = row * aStride + k;
      int at = sumsAt(place, block, row);
      if (count == Panels.FOUR) {
        w.fourPanels(a, aAt, first, k, steps, sums, at);
      } else {
        for (int i = 0; i < count; i++) {
          w.onePanel(a, aAt, first + i, k, steps, sums, at + i * Panels.COLUMNS);
        }
      }
    }
  }

  private void addBlocks(int unit, int place) {
    int first = unit * atOnce;
    int count = panelsOf(unit);
    for (int row = 0; row < rows; row++) {
      output.begin(row, first, count);
      for (int block = 0; block < blocks; block++) {
        output.add(row, first, count, sums, sumsAt(place, block, row));
      }
    }
  }

  private int panelsOf(int unit) {
    return Math.min(atOnce, w.panels() - unit * atOnce);
  }

  private int sumsAt(int place, int block, int row) {
    return ((place * blocks + block) * summedRows + row) * columns;
  }
}
