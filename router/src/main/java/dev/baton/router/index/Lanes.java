package dev.baton.router.index;

/**
 * Up to three holders of a block in the low 48 bits of a word: three lanes of 16 bits. A lane is a
 * worker's slot times four plus the tiers in which it has the block; a lane without a tier is
 * empty.
 *
 * <p>A lookup carries the same form as its <em>state</em>, where a holder's {@link #DISK} bit is
 * always set and its {@link #MEMORY} bit says that every block so far was in memory.
 */
final class Lanes {
  static final int MEMORY = 1;
  static final int DISK = 2;
  static final int TIERS = MEMORY | DISK;

  static final int COUNT = 3;
  static final int LANE_BITS = 16;
  static final long MASK = (1L << (COUNT * LANE_BITS)) - 1;

  /** Slots are below this: 14 bits, the last value left out. */
  static final int MOST_SLOTS = (1 << 14) - 1;

  private static final long EACH = 0x0001_0001_0001L;

  private Lanes() {}

  /** The 16 bits of one lane. */
  static int lane(long word, int index) {
    return (int) (word >>> (index * LANE_BITS)) & 0xFFFF;
  }

  static int lane(int slot, int tiers) {
    return slot << 2 | tiers;
  }

  static int slot(int lane) {
    return lane >>> 2;
  }

  static int tiers(int lane) {
    return lane & TIERS;
  }

  /** The word with one lane replaced; an empty lane is 0. */
  static long with(long word, int index, int lane) {
    int shift = index * LANE_BITS;
    return (word & ~(0xFFFFL << shift)) | ((long) lane << shift);
  }

  /** The place of a slot's lane, or -1. */
  static int find(long word, int slot) {
    for (int i = 0; i < COUNT; i++) {
      int lane = lane(word, i);
      if (slot(lane) == slot && tiers(lane) != 0) {
        return i;
      }
    }
    return -1;
  }

  /** The place of an empty lane, or -1. */
  static int findEmpty(long word) {
    for (int i = 0; i < COUNT; i++) {
      if (lane(word, i) == 0) {
        return i;
      }
    }
    return -1;
  }

  /** How many lanes are not empty. */
  static int count(long word) {
    return Long.bitCount((word | word >>> 1) & EACH);
  }

  /** The state after the first block, of which these are the holders. */
  static long state(long word) {
    return word | ((word | word >>> 1) & EACH) << 1;
  }

  /** The state after one more block, of which {@code block} are the holders, as a state. */
  static long intersect(long state, long block) {
    if (state == block) {
      return state;
    }
    long both = 0;
    for (int i = 0; i < COUNT; i++) {
      int lane = lane(state, i);
      if (lane != 0) {
        int other = find(block, slot(lane));
        if (other >= 0) {
          both = with(both, i, lane & (lane(block, other) | ~MEMORY));
        }
      }
    }
    return both;
  }

  /** The word without the lanes of these slots. */
  static long without(long word, long[] slots) {
    long left = word;
    for (int i = 0; i < COUNT; i++) {
      int lane = lane(word, i);
      if (lane != 0 && Bits.has(slots, slot(lane))) {
        left = with(left, i, 0);
      }
    }
    return left;
  }
}
