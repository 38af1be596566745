package dev.baton.kv.handoff;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * Wire form of a request that is a protobuf message: its kind, a CRC32C over kind and message, the
 * message. TCP's own checksum lets one damaged segment in some millions pass, and a first token
 * with a flipped bit would be served as if it had been sampled.
 */
final class ControlMessage {
  /** Bytes of the checksum that lies between kind and message. */
  static final int CHECKSUM_BYTES = Integer.BYTES;

  private ControlMessage() {}

  /** All bytes of such a request. */
  static byte[] bytes(int kind, byte[] message) {
    return ByteBuffer.allocate(1 + CHECKSUM_BYTES + message.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .put((byte) kind)
        .putInt(checksum(kind, ByteBuffer.wrap(message)))
        .put(message)
        .array();
  }

  /**
   * The message in what follows the kind.
   *
   * @throws HandoffException a refusal, if it is not what was sent
   */
  static ByteBuffer message(int kind, byte[] rest) throws HandoffException {
    ByteBuffer in = ByteBuffer.wrap(rest).order(ByteOrder.LITTLE_ENDIAN);
    if (in.remaining() < CHECKSUM_BYTES) {
      throw HandoffException.refused(
          Refusal.PROTOCOL,
          "message of kind %d: %d bytes, expected a checksum of %d"
              .formatted(kind, rest.length, CHECKSUM_BYTES));
    }
    int stated = in.getInt();
    ByteBuffer message = in.slice();
    int made = checksum(kind, message.duplicate());
    if (stated != made) {
      throw HandoffException.refused(
          Refusal.CHECKSUM,
          "message of kind %d: crc32c 0x%08x, its bytes make 0x%08x".formatted(kind, stated, made));
    }
    return message;
  }

  private static int checksum(int kind, ByteBuffer message) {
    CRC32C crc = new CRC32C();
    crc.update(kind);
    crc.update(message);
    return (int) crc.getValue();
  }
}
