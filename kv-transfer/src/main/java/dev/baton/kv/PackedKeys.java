package dev.baton.kv;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.Objects;

/**
 * Keys in order, two longs each, in one array: for those who handle keys by the million. Immutable;
 * safe for use by many threads.
 */
public final class PackedKeys {
  /** None. */
  public static final PackedKeys EMPTY = new PackedKeys(new long[0], 0, 0);

  private final long[] words;
  private final int from;
  private final int size;

  private PackedKeys(long[] words, int from, int size) {
    this.words = words;
    this.from = from;
    this.size = size;
  }

  /** These keys, copied. */
  public static PackedKeys of(Collection<BlockKey> keys) {
    long[] words = new long[2 * keys.size()];
    int at = 0;
    for (BlockKey key : keys) {
      words[at++] = key.high();
      words[at++] = key.low();
    }
    return new PackedKeys(words, 0, keys.size());
  }

  /**
   * The keys in the remaining bytes, 16 bytes each as {@link BlockKey#bytes()} has them; the buffer
   * is read to its end.
   *
   * @throws IllegalArgumentException if the bytes are no whole number of keys
   */
  public static PackedKeys of(ByteBuffer bytes) {
    int length = bytes.remaining();
    if (length % BlockKey.BYTES != 0) {
      throw new IllegalArgumentException(
          "keys: " + length + " bytes, expected a multiple of " + BlockKey.BYTES);
    }
    long[] words = new long[length / Long.BYTES];
    bytes.duplicate().asLongBuffer().get(words);
    bytes.position(bytes.limit());
    return new PackedKeys(words, 0, length / BlockKey.BYTES);
  }

  /** Those in {@code words}, which nobody may change any more. */
  static PackedKeys ofWords(long[] words) {
    return new PackedKeys(words, 0, words.length / 2);
  }

  /** How many they are. */
  public int size() {
    return size;
  }

  /** Bytes 0 to 7 of a key, as {@link BlockKey#high()}. */
  public long high(int index) {
    return words[2 * (from + Objects.checkIndex(index, size))];
  }

  /** Bytes 8 to 15 of a key, as {@link BlockKey#low()}. */
  public long low(int index) {
    return words[2 * (from + Objects.checkIndex(index, size)) + 1];
  }

  /** One of them. */
  public BlockKey key(int index) {
    return new BlockKey(high(index), low(index));
  }

  /** Those from {@code begin} up to {@code end}, not copied. */
  public PackedKeys slice(int begin, int end) {
    Objects.checkFromToIndex(begin, end, size);
    return new PackedKeys(words, from + begin, end - begin);
  }

  /** 16 bytes for each, a fresh array. */
  public byte[] bytes() {
    ByteBuffer bytes = ByteBuffer.allocate(size * BlockKey.BYTES);
    bytes.asLongBuffer().put(words, 2 * from, 2 * size);
    return bytes.array();
  }

  @Override
  public String toString() {
    return size + " keys";
  }
}
