package dev.baton.engine.sampling;

/**
 * Philox4x32-10, a counter-based generator (Salmon, Moraes, Dror, Shaw: "Parallel random numbers:
 * as easy as 1, 2, 3", SC 2011). A draw is a pure function of key and counter: nothing has to be
 * carried from token to token or from worker to worker.
 */
public final class Philox {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final long LOW = 0xffff_ffffL;

  private Philox() {}

  /** The four words of a counter's block; {@code counter} has four, {@code key} two. */
  static int[] block(int[] counter, int[] key) {
    int c0 = counter[0];
    int c1 = counter[1];
    int c2 = counter[2];
    int c3 = counter[3];
    int k0 = key[0];
    int k1 = key[1];
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (c0 & LOW);
      long product1 = MULTIPLIER_1 * (c2 & LOW);
      c0 = (int) (product1 >>> Integer.SIZE) ^ c1 ^ k0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> Integer.SIZE) ^ c3 ^ k1;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    return new int[] {c0, c1, c2, c3};
  }

  /**
   * The draw of a position: uniform in [0, 1). Key: the seed, lower half first. Counter: lower and
   * upper half of the position, the choice, 0. The draw is the upper 53 bits of the 64-bit number
   * whose upper half is the block's second word and whose lower half is its first.
   */
  public static double uniform(long seed, long position, int choice) {
    int[] words =
        block(
            new int[] {(int) position, (int) (position >>> Integer.SIZE), choice, 0},
            new int[] {(int) seed, (int) (seed >>> Integer.SIZE)});
    long bits = ((long) words[1] << Integer.SIZE) | (words[0] & LOW);
    return (bits >>> 11) * 0x1p-53;
  }
}
