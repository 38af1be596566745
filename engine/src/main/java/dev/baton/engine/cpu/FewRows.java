package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * The product of a few rows, one by one: reading the weights is most of the time then, which the
 * first row does while it computes, and the others find them in the cache.
 *
 * <p>A unit of work is four panels, whose four streams of memory keep more reads under way than
 * one. Where there are few fours, a unit is one block of their k, so that no member is left waiting
 * for another's last unit: a block's sums are put away, and who sums up the last one of its panels
 * adds them to the output, in order.
 *
 * <p>Not safe for use by several threads at once.
 */
final class FewRows {
  /** More rows are faster together. */
  static final int MOST = 4;

  /** Of fours to a member: with so many it matters little who gets the last. */
  private static final int MANY = 8;

  private final Team team;
  private final float[][] scratch;
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

  /** Sums: for each four panels, or for each member's, those of all blocks, in them of all rows. */
  private float[] sums = {};

  /** Blocks whose sums are there, for each four panels. */
  private AtomicIntegerArray summed = new AtomicIntegerArray(0);

  /** Products by this team. */
  FewRows(Team team, Output output) {
    this.team = team;
    this.output = output;
    this.scratch = new float[team.members()][Panels.SCRATCH_FLOATS];
  }

  /** Adds {@code a w} to the output. */
  void run(float[] a, int aStride, int rows, Panels w) {
    this.a = a;
    this.aStride = aStride;
    this.rows = rows;
    this.w = w;
    // Where members would go without, panels are shared out singly.
    atOnce = w.panels() >= Panels.FOUR * team.members() ? Panels.FOUR : 1;
    columns = atOnce * Panels.COLUMNS;
    blocks = Math.ceilDiv(w.depth(), Panels.BLOCK_DEPTH);
    int fours = Math.ceilDiv(w.panels(), atOnce);
    apart = fours < MANY * team.members();
    int places = apart ? fours : team.members();
    if (sums.length < places * blocks * rows * columns) {
      sums = new float[places * blocks * rows * columns];
    }
    if (summed.length() < fours) {
      summed = new AtomicIntegerArray(fours);
    }
    for (int four = 0; apart && four < fours; four++) {
      summed.set(four, 0);
    }
    team.run(apart ? fours * blocks : fours, task);
  }

  private void sumUp(int member, int from, int to) {
    for (int unit = from; unit < to; unit++) {
      if (apart) {
        sumUpBlock(unit / blocks, unit % blocks, scratch[member]);
      } else {
        for (int block = 0; block < blocks; block++) {
          sumBlock(unit, block, member, scratch[member]);
        }
        addBlocks(unit, member);
      }
    }
  }

  private void sumUpBlock(int four, int block, float[] scratch) {
    sumBlock(four, block, four, scratch);
    if (summed.incrementAndGet(four) == blocks) {
      addBlocks(four, four);
    }
  }

  private void sumBlock(int four, int block, int place, float[] scratch) {
    int k = block * Panels.BLOCK_DEPTH;
    int steps = Math.min(Panels.BLOCK_DEPTH, w.depth() - k);
    int first = four * atOnce;
    int count = panelsOf(four);
    for (int row = 0; row < rows; row++) {
      int aAt = row * aStride + k;
      int at = sumsAt(place, block, row);
      if (count == Panels.FOUR) {
        w.fourPanels(a, aAt, first, k, steps, sums, at, scratch);
      } else {
        for (int i = 0; i < count; i++) {
          w.onePanel(a, aAt, first + i, k, steps, sums, at + i * Panels.COLUMNS, scratch);
        }
      }
    }
  }

  private void addBlocks(int four, int place) {
    int first = four * atOnce;
    int count = panelsOf(four);
    for (int row = 0; row < rows; row++) {
      output.begin(row, first, count);
      for (int block = 0; block < blocks; block++) {
        output.add(row, first, count, sums, sumsAt(place, block, row));
      }
    }
  }

  private int panelsOf(int four) {
    return Math.min(atOnce, w.panels() - four * atOnce);
  }

  private int sumsAt(int place, int block, int row) {
    return ((place * blocks + block) * rows + row) * columns;
  }
}
