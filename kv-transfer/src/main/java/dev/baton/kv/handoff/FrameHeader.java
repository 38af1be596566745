package dev.baton.kv.handoff;

import dev.baton.kv.BlockKey;
import dev.baton.kv.PlaneKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What stands before the bytes of a plane on the wire: {@link #BYTES} bytes, little-endian. A
 * header that was read holds whatever was in its bytes; {@link FrameVerifier} decides what to
 * believe.
 *
 * @param magic {@link #MAGIC}: "BTKV"
 * @param version {@link #VERSION}, 16 bits
 * @param kind 1 is K, 2 is V; 8 bits
 * @param reserved zero; 8 bits
 * @param handoffId of the ticket
 * @param generation of the ticket
 * @param block index into the keys of Open
 * @param layer transformer layer, from 0
 * @param length bytes that follow the header
 * @param fingerprint {@link BlockKey#high()} of the block's key
 * @param crc CRC32C of the 40 header bytes before it, then of the payload
 */
record FrameHeader(
    int magic,
    int version,
    int kind,
    int reserved,
    long handoffId,
    int generation,
    int block,
    int layer,
    int length,
    long fingerprint,
    int crc) {
  /** Length of a header. */
  static final int BYTES = 44;

  /** The first four bytes, "BTKV". */
  static final int MAGIC = 0x564B5442;

  /** The one version there is. */
  static final int VERSION = 1;

  private static final int CHECKED_BYTES = 40;

  /** The header of a plane, with its checksum. */
  static FrameHeader of(
      Ticket ticket, int block, BlockKey key, int layer, PlaneKind kind, ByteBuffer payload) {
    FrameHeader unsigned = unsigned(ticket, block, key, layer, kind, payload.remaining());
    return unsigned.withCrc(unsigned.checksum(payload));
  }

  /** The header of a plane of {@code length} bytes that goes into a ring, where sums are made. */
  static FrameHeader unsigned(
      Ticket ticket, int block, BlockKey key, int layer, PlaneKind kind, int length) {
    return new FrameHeader(
        MAGIC,
        VERSION,
        code(kind),
        0,
        ticket.handoffId(),
        ticket.generation(),
        block,
        layer,
        length,
        key.high(),
        0);
  }

  /** The header in these bytes, whatever they are. */
  static FrameHeader read(byte[] bytes) {
    ByteBuffer in = ByteBuffer.wrap(bytes, 0, BYTES).order(ByteOrder.LITTLE_ENDIAN);
    return new FrameHeader(
        in.getInt(),
        Short.toUnsignedInt(in.getShort()),
        Byte.toUnsignedInt(in.get()),
        Byte.toUnsignedInt(in.get()),
        in.getLong(),
        in.getInt(),
        in.getInt(),
        in.getInt(),
        in.getInt(),
        in.getLong(),
        in.getInt());
  }

  /** The header's bytes, a fresh array. */
  byte[] bytes() {
    return ByteBuffer.allocate(BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(magic)
        .putShort((short) version)
        .put((byte) kind)
        .put((byte) reserved)
        .putLong(handoffId)
        .putInt(generation)
        .putInt(block)
        .putInt(layer)
        .putInt(length)
        .putLong(fingerprint)
        .putInt(crc)
        .array();
  }

  /** What the checksum of this header and {@code payload} has to be. */
  int checksum(ByteBuffer payload) {
    CRC32C sum = beginSum();
    sum.update(payload.duplicate());
    return (int) sum.getValue();
  }

  /** What the checksum of this header and {@code payload} has to be. */
  int checksum(Payload payload) {
    CRC32C sum = beginSum();
    payload.update(sum);
    return (int) sum.getValue();
  }

  /** The sum that a payload's bytes are to be added to: so far of the header without its own. */
  CRC32C beginSum() {
    CRC32C sum = new CRC32C();
    sum.update(bytes(), 0, CHECKED_BYTES);
    return sum;
  }

  /** The same header with another checksum. */
  FrameHeader withCrc(int other) {
    return new FrameHeader(
        magic,
        version,
        kind,
        reserved,
        handoffId,
        generation,
        block,
        layer,
        length,
        fingerprint,
        other);
  }

  /** What kind of plane follows; empty if there is no such kind. */
  Optional<PlaneKind> planeKind() {
    for (PlaneKind candidate : PlaneKind.values()) {
      if (code(candidate) == kind) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static int code(PlaneKind kind) {
    return switch (kind) {
      case K -> 1;
      case V -> 2;
    };
  }
}
