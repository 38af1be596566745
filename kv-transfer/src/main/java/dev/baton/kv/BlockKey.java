package dev.baton.kv;

import java.nio.ByteBuffer;
import java.util.HexFormat;

/**
 * A block's identity: 16 bytes of a SHA-256 chain over lineage, tenant salt and token ids. Made by
 * {@link KeyChain}.
 *
 * @param high bytes 0 to 7, big-endian; also the fingerprint that frames carry
 * @param low bytes 8 to 15, big-endian
 */
public record BlockKey(long high, long low) {
  /** Length of a key in bytes. */
  public static final int BYTES = 16;

  /**
   * The key in these bytes.
   *
   * @throws IllegalArgumentException if there are not exactly {@link #BYTES} of them
   */
  public static BlockKey of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("key: " + bytes.length + " bytes, expected " + BYTES);
    }
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    return new BlockKey(buffer.getLong(), buffer.getLong());
  }

  /** The 16 bytes, a fresh array. */
  public byte[] bytes() {
    return ByteBuffer.allocate(BYTES).putLong(high).putLong(low).array();
  }

  @Override
  public String toString() {
    return HexFormat.of().formatHex(bytes());
  }
}
