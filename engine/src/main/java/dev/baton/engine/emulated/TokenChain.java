package dev.baton.engine.emulated;

import dev.baton.kv.Lineage;
import java.nio.ByteBuffer;

/**
 * A number for each position that depends on all tokens up to it. From two in a row the token
 * between them can be told, so that a chain proves itself: numbers that are no chain give a token
 * outside the vocabulary, but for one in 2^64 / vocabulary.
 */
final class TokenChain {
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;

  private TokenChain() {}

  /** What stands before the first token. */
  static long root(Lineage lineage) {
    return ByteBuffer.wrap(lineage.bytes()).getLong();
  }

  /** The number of the position after {@code link} whose token is this. */
  static long next(long link, int token) {
    return mix(link + GOLDEN) + token;
  }

  /** Whether a token below {@code vocabulary} leads from one to the other. */
  static boolean follows(long link, long next, int vocabulary) {
    long token = next - mix(link + GOLDEN);
    return token >= 0 && token < vocabulary;
  }

  /** Spreads the bits of a number (the finalizer of SplitMix64, Steele et al., OOPSLA 2014). */
  static long mix(long x) {
    long a = (x ^ (x >>> 30)) * 0xbf58476d1ce4e5b9L;
    long b = (a ^ (a >>> 27)) * 0x94d049bb133111ebL;
    return b ^ (b >>> 31);
  }
}
