package dev.baton.kv.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Where what stands in a segment. Numbers are little-endian; what different processes write lies in
 * different cache lines. Positions count bytes since the ring began and never wrap.
 *
 * <pre>
 *      0  magic "BTKVRING"          writer, before the reader hears of it
 *      8  nonce, 16 bytes           writer, before the reader hears of it
 *     64  written, u64              writer: bytes before this position may be read
 *    128  read, u64                 reader: bytes before this position may be overwritten
 *    192  reader asleep, u32        reader sets 1; the writer sets 0 and wakes it
 *    256  writer asleep, u32        writer sets 1; the reader sets 0 and wakes it
 *   4096  the ring's bytes, to the end of the segment: a power of two
 *
 * record, at a multiple of 64:
 *      0  head, 44 bytes; 20 bytes without meaning
 *     64  payload
 *      -  bytes without meaning, 0 to 63
 *      -  the last 4 bytes: CRC32C of the head's first 40 bytes and the payload
 * </pre>
 */
final class RingForm {
  static final long MAGIC = 0x474E4952564B5442L;

  static final long MAGIC_AT = 0;
  static final long NONCE_HIGH_AT = 8;
  static final long NONCE_LOW_AT = 16;
  static final long WRITTEN_AT = 64;
  static final long READ_AT = 128;
  static final long READER_ASLEEP_AT = 192;
  static final long WRITER_ASLEEP_AT = 256;
  static final int DATA_AT = 4096;

  static final int LINE = 64;
  static final int HEAD_BYTES = 44;
  static final int HEAD_CHECKED_BYTES = 40;
  static final int SUM_BYTES = 4;

  /** Moved between two looks at the other side: small enough to be still in the nearest cache. */
  static final int PIECE_BYTES = 32 * 1024;

  /**
   * A writer is woken at most so many times while as much is read as a ring holds. One that sleeps
   * only when the ring is full, and wakes when half of it is free, needs no more than about four.
   */
  static final int MOST_WAKES = 8;

  static final int LEAST_CAPACITY = 4 * PIECE_BYTES;
  static final int MOST_CAPACITY = 16 << 20;

  static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final VarHandle POSITION = LONG.varHandle();
  static final VarHandle FLAG = INT.varHandle();

  private RingForm() {}

  /** Bytes of the ring in a segment, if it can hold one. */
  static int capacity(MemorySegment segment) {
    long capacity = segment.byteSize() - DATA_AT;
    if (capacity < LEAST_CAPACITY || capacity > MOST_CAPACITY || Long.bitCount(capacity) != 1) {
      throw new IllegalArgumentException(
          "segment: %d bytes, expected %d and a power of two from %d to %d"
              .formatted(segment.byteSize(), DATA_AT, LEAST_CAPACITY, MOST_CAPACITY));
    }
    return (int) capacity;
  }

  /** Bytes behind a payload up to the end of its record, the sum included. */
  static int tailBytes(int payloadBytes) {
    return Math.ceilDiv(payloadBytes + SUM_BYTES, LINE) * LINE - payloadBytes;
  }
}
