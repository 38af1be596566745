package dev.baton.kv.tier;

import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The form of a block's file, little-endian: header, then the block's bytes as they lie in memory.
 *
 * <pre>
 *  0  u32  magic, the bytes BTKD
 *  4  u16  version, 1
 *  6  u16  0
 *  8       lineage, 32 bytes
 * 40       layout, first 16 bytes of a SHA-256
 * 56       key, 16 bytes
 * 72  u32  bytes that follow the header
 * 76  u32  CRC32C of bytes 0 to 75, then of the payload
 * </pre>
 *
 * Immutable; safe for use by many threads.
 */
final class BlockFile {
  static final int HEADER_BYTES = 80;
  private static final int MAGIC = 0x444B5442;
  private static final short VERSION = 1;
  private static final int LAYOUT_BYTES = 16;
  private static final int LINEAGE_AT = 8;
  private static final int LAYOUT_AT = LINEAGE_AT + Lineage.BYTES;
  private static final int KEY_AT = LAYOUT_AT + LAYOUT_BYTES;
  private static final int LENGTH_AT = KEY_AT + BlockKey.BYTES;
  private static final int CRC_AT = LENGTH_AT + 4;

  private final byte[] lineage;
  private final byte[] layout;
  private final int blockBytes;

  BlockFile(Lineage lineage, Layout layout) {
    this.lineage = lineage.bytes();
    this.layout = digest(layout);
    this.blockBytes = layout.blockBytes();
  }

  private static byte[] digest(Layout layout) {
    String text =
        "baton-layout-1 layers %d kv heads %d head size %d dtype %s block tokens %d order %s"
            .formatted(
                layout.layers(),
                layout.kvHeads(),
                layout.headSize(),
                layout.dtype(),
                layout.blockTokens(),
                layout.order());
    try {
      byte[] sha =
          MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return Arrays.copyOf(sha, LAYOUT_BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Length of every file of this lineage and layout. */
  long bytes() {
    return HEADER_BYTES + (long) blockBytes;
  }

  /** Makes the file of these bytes; on failure a part of it may be there. */
  void write(Path file, BlockKey key, ByteBuffer payload) throws IOException {
    ByteBuffer header = expectedHeader(key);
    header.putInt(CRC_AT, crc(header, payload));
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ByteBuffer[] parts = {header, payload.duplicate()};
      while (parts[1].hasRemaining()) {
        channel.write(parts);
      }
    }
  }

  /**
   * Reads the file's payload into {@code payload}, whose content is good only if nothing speaks
   * against it.
   *
   * @return the first thing that speaks against it
   */
  Optional<TierMiss> read(Path file, BlockKey key, ByteBuffer payload) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      if (channel.size() != bytes()) {
        return Optional.of(TierMiss.LENGTH);
      }
      ByteBuffer header = header();
      if (!fill(channel, header) || !fill(channel, payload.duplicate())) {
        return Optional.of(TierMiss.LENGTH);
      }
      return verdict(header, key, payload);
    }
  }

  private Optional<TierMiss> verdict(ByteBuffer header, BlockKey key, ByteBuffer payload) {
    if (isForeign(header)) {
      return Optional.of(TierMiss.FOREIGN);
    }
    if (header.getInt(CRC_AT) != crc(header, payload)) {
      return Optional.of(TierMiss.CHECKSUM);
    }
    return against(header, key);
  }

  /**
   * What speaks against a file by its length and header alone, without its payload: enough to tell
   * files of another model from this one's.
   */
  Optional<TierMiss> glance(Path file, BlockKey key) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer header = header();
      if (channel.size() != bytes() || !fill(channel, header)) {
        return Optional.of(TierMiss.LENGTH);
      }
      return isForeign(header) ? Optional.of(TierMiss.FOREIGN) : against(header, key);
    }
  }

  private static boolean isForeign(ByteBuffer header) {
    return header.getInt(0) != MAGIC || header.getShort(4) != VERSION;
  }

  private Optional<TierMiss> against(ByteBuffer header, BlockKey key) {
    ByteBuffer expected = expectedHeader(key);
    if (differs(header, expected, LINEAGE_AT, LAYOUT_AT)) {
      return Optional.of(TierMiss.LINEAGE);
    }
    if (differs(header, expected, LAYOUT_AT, KEY_AT)) {
      return Optional.of(TierMiss.LAYOUT);
    }
    if (differs(header, expected, KEY_AT, LENGTH_AT)) {
      return Optional.of(TierMiss.KEY);
    }
    return differs(header, expected, 0, CRC_AT) ? Optional.of(TierMiss.FOREIGN) : Optional.empty();
  }

  private static boolean differs(ByteBuffer header, ByteBuffer expected, int from, int to) {
    return !header.slice(from, to - from).equals(expected.slice(from, to - from));
  }

  private ByteBuffer expectedHeader(BlockKey key) {
    return header()
        .putInt(0, MAGIC)
        .putShort(4, VERSION)
        .put(LINEAGE_AT, lineage)
        .put(LAYOUT_AT, layout)
        .put(KEY_AT, key.bytes())
        .putInt(LENGTH_AT, blockBytes);
  }

  private static ByteBuffer header() {
    return ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int crc(ByteBuffer header, ByteBuffer payload) {
    CRC32C sum = new CRC32C();
    sum.update(header.slice(0, CRC_AT));
    sum.update(payload.duplicate());
    return (int) sum.getValue();
  }

  /** False if the file ends before the buffer is full. */
  private static boolean fill(FileChannel channel, ByteBuffer into) throws IOException {
    while (into.hasRemaining()) {
      if (channel.read(into) < 0) {
        return false;
      }
    }
    into.rewind();
    return true;
  }
}
