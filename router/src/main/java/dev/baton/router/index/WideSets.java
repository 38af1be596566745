package dev.baton.router.index;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * The sets of holders that do not fit into three {@link Lanes}: a list of sixteen lanes, four to a
 * word, or two bitmaps (of the holders in memory, and behind it of those on disk) as long as the
 * highest slot makes necessary. All are parts of one array, which grows up to a limit; a freed set
 * is used again for one of its size.
 *
 * <p>A word refers to a set by its kind, in the lowest lane, which then has no tier and is not
 * empty, and its offset, in the two others.
 *
 * <p>One thread changes sets at a time; {@link #read} needs no lock, and what it read counts only
 * if the word that refers to the set is found unchanged afterwards.
 */
final class WideSets {
  private static final VarHandle WORDS = MethodHandles.arrayElementVarHandle(long[].class);
  private static final int LANES_PER_WORD = Long.SIZE / Lanes.LANE_BITS;
  private static final int REFERENCE = 0b100;
  private static final int NONE = -1;

  /** The kind of lists; bitmaps of one, two, four... words are the kinds from 1 on. */
  private static final int LIST = 0;

  private static final int KINDS = 10;
  private static final int LIST_WORDS = 4;

  /** What {@link #add} did. */
  enum Added {
    HOLDER,
    TIER,
    FULL
  }

  private final int limit;
  private final int[] free = new int[KINDS];
  private volatile long[] words = new long[0];
  private int used;

  /** In at most {@code limit} words. */
  WideSets(int limit) {
    this.limit = limit;
    Arrays.fill(free, NONE);
  }

  /** Whether the word refers to a set. */
  static boolean isReference(long word) {
    return (word & (REFERENCE | Lanes.TIERS)) == REFERENCE;
  }

  private static long reference(int kind, int offset) {
    return REFERENCE | (long) kind << 3 | (long) offset << Lanes.LANE_BITS;
  }

  private static int kind(long reference) {
    return (int) (reference >>> 3) & 0xF;
  }

  private static int offset(long reference) {
    return (int) (reference >>> Lanes.LANE_BITS);
  }

  private static boolean isBitmap(int kind) {
    return kind != LIST;
  }

  /** Words of one of a bitmap's two halves. */
  private static int planeWords(int kind) {
    return 1 << (kind - 1);
  }

  private static int size(int kind) {
    return isBitmap(kind) ? Math.max(LIST_WORDS, 2 * planeWords(kind)) : LIST_WORDS;
  }

  private static int bitmapFor(int slot) {
    return 1 + Integer.SIZE - Integer.numberOfLeadingZeros(slot >>> 6);
  }

  /** Bytes taken, free sets included. */
  long bytes() {
    return (long) words.length * Long.BYTES;
  }

  /** A set with these lanes and room for that slot; 0 if the limit is reached. */
  long widen(long lanes, int slot) {
    int highest = slot;
    for (int i = 0; i < Lanes.COUNT; i++) {
      highest = Math.max(highest, Lanes.slot(Lanes.lane(lanes, i)));
    }
    int bitmap = bitmapFor(highest);
    long wide = allocate(size(bitmap) <= LIST_WORDS ? bitmap : LIST);
    if (wide != 0) {
      for (int i = 0; i < Lanes.COUNT; i++) {
        add(wide, Lanes.lane(lanes, i));
      }
    }
    return wide;
  }

  /** A copy of a set that is full for that slot, with room for it; 0 if the limit is reached. */
  long grow(long reference, int slot) {
    int highest = slot;
    for (int at = next(reference, 0); at != NONE; at = next(reference, at + 1)) {
      highest = Math.max(highest, Lanes.slot(lane(reference, at)));
    }
    return copy(reference, bitmapFor(highest));
  }

  /** What should stand in place of this set: the lanes themselves, a list, or the set itself. */
  long shrink(long reference) {
    int count = count(reference);
    // One less than fits, so that a holder that comes and goes does not move the set each time.
    if (count < Lanes.COUNT) {
      long lanes = 0;
      int position = NONE;
      for (int i = 0; i < count; i++) {
        position = next(reference, position + 1);
        lanes = Lanes.with(lanes, i, lane(reference, position));
      }
      return lanes;
    }
    if (size(kind(reference)) > LIST_WORDS && count <= LIST_WORDS * LANES_PER_WORD / 2) {
      long list = copy(reference, LIST);
      return list != 0 ? list : reference;
    }
    return reference;
  }

  private long copy(long reference, int kind) {
    long copy = allocate(kind);
    if (copy != 0) {
      for (int at = next(reference, 0); at != NONE; at = next(reference, at + 1)) {
        add(copy, lane(reference, at));
      }
    }
    return copy;
  }

  private long allocate(int kind) {
    int size = size(kind);
    int offset = free[kind];
    if (offset != NONE) {
      free[kind] = (int) get(offset);
    } else {
      if (used + size > limit) {
        return 0;
      }
      offset = used;
      used += size;
      if (used > words.length) {
        words = Arrays.copyOf(words, Math.min(limit, Math.max(used, 2 * words.length)));
      }
    }
    for (int i = offset; i < offset + size; i++) {
      put(i, 0);
    }
    return reference(kind, offset);
  }

  /** Gives the set's words back. Nobody may refer to it any more. */
  void free(long reference) {
    // Who reads the set meanwhile must find the word that referred to it changed.
    VarHandle.storeStoreFence();
    put(offset(reference), free[kind(reference)]);
    free[kind(reference)] = offset(reference);
  }

  private Added add(long reference, int lane) {
    return Lanes.tiers(lane) == 0
        ? Added.TIER
        : add(reference, Lanes.slot(lane), Lanes.tiers(lane));
  }

  /** Adds tiers of a holder. */
  Added add(long reference, int slot, int tiers) {
    int offset = offset(reference);
    int kind = kind(reference);
    if (isBitmap(kind)) {
      int planeWords = planeWords(kind);
      if (slot >>> 6 >= planeWords) {
        return Added.FULL;
      }
      int word = offset + (slot >>> 6);
      boolean isNew = ((get(word) | get(word + planeWords)) & 1L << slot) == 0;
      if ((tiers & Lanes.MEMORY) != 0) {
        put(word, get(word) | 1L << slot);
      }
      if ((tiers & Lanes.DISK) != 0) {
        put(word + planeWords, get(word + planeWords) | 1L << slot);
      }
      return isNew ? Added.HOLDER : Added.TIER;
    }
    int at = find(reference, slot);
    if (at != NONE) {
      setLane(offset, at, lane(reference, at) | tiers);
      return Added.TIER;
    }
    int end = LIST_WORDS * LANES_PER_WORD;
    for (at = 0; at < end; at++) {
      if (lane(reference, at) == 0) {
        setLane(offset, at, Lanes.lane(slot, tiers));
        return Added.HOLDER;
      }
    }
    return Added.FULL;
  }

  /** Takes tiers from a holder; true if it has none any more, and had one. */
  boolean remove(long reference, int slot, int tiers) {
    int offset = offset(reference);
    int kind = kind(reference);
    if (isBitmap(kind)) {
      int planeWords = planeWords(kind);
      if (slot >>> 6 >= planeWords) {
        return false;
      }
      int word = offset + (slot >>> 6);
      boolean was = ((get(word) | get(word + planeWords)) & 1L << slot) != 0;
      if ((tiers & Lanes.MEMORY) != 0) {
        put(word, get(word) & ~(1L << slot));
      }
      if ((tiers & Lanes.DISK) != 0) {
        put(word + planeWords, get(word + planeWords) & ~(1L << slot));
      }
      return was && ((get(word) | get(word + planeWords)) & 1L << slot) == 0;
    }
    int at = find(reference, slot);
    if (at == NONE) {
      return false;
    }
    int left = Lanes.tiers(lane(reference, at)) & ~tiers;
    setLane(offset, at, left == 0 ? 0 : Lanes.lane(slot, left));
    return left == 0;
  }

  /** Removes all holders that are among {@code slots}; returns how many they were. */
  int removeAll(long reference, long[] slots) {
    int removed = 0;
    for (int at = next(reference, 0); at != NONE; at = next(reference, at + 1)) {
      int slot = Lanes.slot(lane(reference, at));
      if (Bits.has(slots, slot)) {
        remove(reference, slot, Lanes.TIERS);
        removed++;
      }
    }
    return removed;
  }

  /** How many holders there are. */
  int count(long reference) {
    int count = 0;
    int offset = offset(reference);
    if (isBitmap(kind(reference))) {
      int planeWords = planeWords(kind(reference));
      for (int i = offset; i < offset + planeWords; i++) {
        count += Long.bitCount(get(i) | get(i + planeWords));
      }
      return count;
    }
    for (int at = next(reference, 0); at != NONE; at = next(reference, at + 1)) {
      count++;
    }
    return count;
  }

  /**
   * Reads the set as a lookup's state, from any thread.
   *
   * @param planes how many words of each array to fill
   * @param any the holders
   * @param memory those who have the block in memory
   */
  void read(long reference, int planes, long[] any, long[] memory) {
    long[] array = words;
    int offset = offset(reference);
    if (isBitmap(kind(reference))) {
      int planeWords = planeWords(kind(reference));
      int both = Math.min(planes, planeWords);
      Arrays.fill(any, both, planes, 0);
      Arrays.fill(memory, both, planes, 0);
      for (int i = 0; i < both; i++) {
        long inMemory = (long) WORDS.getOpaque(array, offset + i);
        memory[i] = inMemory;
        any[i] = inMemory | (long) WORDS.getOpaque(array, offset + planeWords + i);
      }
      return;
    }
    Arrays.fill(any, 0, planes, 0);
    Arrays.fill(memory, 0, planes, 0);
    for (int i = offset; i < offset + LIST_WORDS; i++) {
      long word = (long) WORDS.getOpaque(array, i);
      for (; word != 0; word >>>= Lanes.LANE_BITS) {
        int lane = (int) word & 0xFFFF;
        int slot = Lanes.slot(lane);
        // Words of a set that was freed meanwhile may say anything.
        if (Lanes.tiers(lane) != 0 && slot < planes * Long.SIZE) {
          Bits.set(any, slot);
          if ((lane & Lanes.MEMORY) != 0) {
            Bits.set(memory, slot);
          }
        }
      }
    }
  }

  private int find(long list, int slot) {
    for (int at = next(list, 0); at != NONE; at = next(list, at + 1)) {
      if (Lanes.slot(lane(list, at)) == slot) {
        return at;
      }
    }
    return NONE;
  }

  /** The first place from {@code position} on that has a holder: a bitmap's places are slots. */
  private int next(long reference, int position) {
    int kind = kind(reference);
    int offset = offset(reference);
    if (isBitmap(kind)) {
      int planeWords = planeWords(kind);
      for (int word = position >>> 6; word < planeWords; word++) {
        long bits = get(offset + word) | get(offset + word + planeWords);
        if (word == position >>> 6) {
          bits &= -1L << position;
        }
        if (bits != 0) {
          return word * Long.SIZE + Long.numberOfTrailingZeros(bits);
        }
      }
      return NONE;
    }
    for (int at = position; at < LIST_WORDS * LANES_PER_WORD; at++) {
      if (lane(reference, at) != 0) {
        return at;
      }
    }
    return NONE;
  }

  private int lane(long reference, int position) {
    int offset = offset(reference);
    if (isBitmap(kind(reference))) {
      int word = offset + (position >>> 6);
      int memory = (int) (get(word) >>> position) & 1;
      int disk = (int) (get(word + planeWords(kind(reference))) >>> position) & 1;
      return Lanes.lane(position, memory * Lanes.MEMORY | disk * Lanes.DISK);
    }
    int shift = position % LANES_PER_WORD * Lanes.LANE_BITS;
    return (int) (get(offset + position / LANES_PER_WORD) >>> shift) & 0xFFFF;
  }

  private void setLane(int offset, int position, int lane) {
    int word = offset + position / LANES_PER_WORD;
    int shift = position % LANES_PER_WORD * Lanes.LANE_BITS;
    put(word, (get(word) & ~(0xFFFFL << shift)) | ((long) lane << shift));
  }

  private long get(int at) {
    return words[at];
  }

  private void put(int at, long word) {
    WORDS.setOpaque(words, at, word);
  }
}
