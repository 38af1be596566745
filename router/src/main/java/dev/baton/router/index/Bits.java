package dev.baton.router.index;

/** Sets of slots as arrays of words; what lies beyond the array is not in the set. */
final class Bits {
  private Bits() {}

  static int words(int slots) {
    return Math.ceilDiv(slots, Long.SIZE);
  }

  static boolean has(long[] bits, int slot) {
    int word = slot >>> 6;
    return word < bits.length && (bits[word] & 1L << slot) != 0;
  }

  static void set(long[] bits, int slot) {
    bits[slot >>> 6] |= 1L << slot;
  }

  static void clear(long[] bits, int slot) {
    bits[slot >>> 6] &= ~(1L << slot);
  }

  static boolean isEmpty(long[] bits) {
    for (long word : bits) {
      if (word != 0) {
        return false;
      }
    }
    return true;
  }
}
