package dev.baton.router.index;

import java.util.Arrays;

/**
 * The answer to a lookup: for each worker the number of leading blocks that it has. Made once, used
 * for any number of lookups of one index, one after the other; not safe for use by many threads.
 *
 * <p>Holders of the first one, two, three... blocks are sets that only shrink, so what is kept is
 * one set for each length at which somebody drops out, not a number for each worker: a lookup does
 * not cost more where there are more workers.
 */
public class PrefixMatches {
  private final PrefixIndex index;

  /** How many words of each set are in use: slots beyond were given out after the lookup began. */
  private int planes;

  private long registrations;
  private int examined;
  private int depth;

  /** Holders of all blocks so far: in {@link #any} and {@link #memory}, or else {@link #lanes}. */
  private boolean isWide;

  private long lanes;
  private long[] any = new long[0];
  private long[] memory = new long[0];

  /** Holders of one block, where they are a wide set. */
  private long[] blockAny = new long[0];

  private long[] blockMemory = new long[0];

  private int levels;
  private int[] levelBlocks = new int[8];

  /** Lanes, or where in {@link #sets} a wide set is: as a negative number, less one. */
  private long[] levelHolders = new long[8];

  private long[] sets = new long[0];
  private int setsUsed;

  PrefixMatches(PrefixIndex index) {
    this.index = index;
  }

  /** How many leading blocks the worker has, in any tier; 0 if it was removed since. */
  public int blocks(IndexedWorker worker) {
    return blocks(worker, 0);
  }

  /** How many leading blocks the worker has in memory; 0 if it was removed since. */
  public int memoryBlocks(IndexedWorker worker) {
    return blocks(worker, Lanes.MEMORY);
  }

  private int blocks(IndexedWorker worker, int bit) {
    int slot = worker.slot();
    int blocks = 0;
    for (int level = 0; level < levels && holds(level, slot, bit); level++) {
      blocks = levelBlocks[level];
    }
    // Asked last: who lives now had its slot to itself all the while, if it had it at the start.
    return worker.isOf(index) && worker.registration() <= registrations && worker.isLive()
        ? blocks
        : 0;
  }

  private boolean holds(int level, int slot, int bit) {
    long holders = levelHolders[level];
    if (holders >= 0) {
      int at = Lanes.find(holders, slot);
      return at >= 0 && (Lanes.lane(holders, at) & bit) == bit;
    }
    int word = slot >>> 6;
    int set = (int) -(holders + 1) + (bit == Lanes.MEMORY ? planes : 0);
    return word < planes && (sets[set + word] & 1L << slot) != 0;
  }

  /** The most leading blocks that any one worker has; it may have been removed. */
  public int most() {
    return levels == 0 ? 0 : levelBlocks[levels - 1];
  }

  /** How many keys were looked for: those that somebody holds without a gap, and the next one. */
  public int examined() {
    return examined;
  }

  void begin(int planes, long registrations) {
    this.planes = planes;
    this.registrations = registrations;
    examined = 0;
    depth = 0;
    levels = 0;
    setsUsed = 0;
    if (any.length < planes) {
      any = new long[planes];
      memory = new long[planes];
      blockAny = new long[planes];
      blockMemory = new long[planes];
    }
  }

  /** Takes a wide set in, which {@link #next} will then use. */
  void read(WideSets wide, long reference) {
    wide.read(reference, planes, blockAny, blockMemory);
  }

  /** The next block's holders are these; false if nobody has all blocks so far. */
  boolean next(long holders) {
    examined++;
    boolean goesOn = holders != 0 && (depth == 0 ? first(holders) : intersect(holders));
    depth += goesOn ? 1 : 0;
    return goesOn;
  }

  /** Ends the lookup. */
  void end() {
    if (depth > 0) {
      keepLevel();
    }
  }

  private boolean first(long holders) {
    isWide = WideSets.isReference(holders);
    if (isWide) {
      System.arraycopy(blockAny, 0, any, 0, planes);
      System.arraycopy(blockMemory, 0, memory, 0, planes);
      return !isEmpty();
    }
    lanes = Lanes.state(holders);
    return true;
  }

  private boolean intersect(long holders) {
    if (isWide && WideSets.isReference(holders)) {
      return intersectSets();
    }
    long both;
    if (isWide) {
      both = within(Lanes.state(holders), any, memory);
    } else if (WideSets.isReference(holders)) {
      both = within(lanes, blockAny, blockMemory);
    } else {
      both = Lanes.intersect(lanes, Lanes.state(holders));
    }
    if (both == 0) {
      return false;
    }
    if (isWide || both != lanes) {
      keepLevel();
      lanes = both;
      isWide = false;
    }
    return true;
  }

  private boolean intersectSets() {
    long left = 0;
    long lost = 0;
    for (int i = 0; i < planes; i++) {
      left |= any[i] & blockAny[i];
      lost |= (any[i] & ~blockAny[i]) | (memory[i] & ~blockMemory[i]);
    }
    if (left == 0) {
      return false;
    }
    if (lost != 0) {
      keepLevel();
      for (int i = 0; i < planes; i++) {
        any[i] &= blockAny[i];
        memory[i] &= blockMemory[i];
      }
    }
    return true;
  }

  private static long within(long state, long[] any, long[] memory) {
    long both = 0;
    for (int i = 0; i < Lanes.COUNT; i++) {
      int lane = Lanes.lane(state, i);
      int slot = Lanes.slot(lane);
      if (lane != 0 && Bits.has(any, slot)) {
        both = Lanes.with(both, i, Bits.has(memory, slot) ? lane : lane & ~Lanes.MEMORY);
      }
    }
    return both;
  }

  private boolean isEmpty() {
    for (int i = 0; i < planes; i++) {
      if (any[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private void keepLevel() {
    if (levels == levelBlocks.length) {
      levelBlocks = Arrays.copyOf(levelBlocks, 2 * levels);
      levelHolders = Arrays.copyOf(levelHolders, 2 * levels);
    }
    levelBlocks[levels] = depth;
    levelHolders[levels] = isWide ? -1L - keepSet() : lanes;
    levels++;
  }

  private int keepSet() {
    int at = setsUsed;
    setsUsed += 2 * planes;
    if (setsUsed > sets.length) {
      sets = Arrays.copyOf(sets, 2 * setsUsed);
    }
    System.arraycopy(any, 0, sets, at, planes);
    System.arraycopy(memory, 0, sets, at + planes, planes);
    return at;
  }
}
