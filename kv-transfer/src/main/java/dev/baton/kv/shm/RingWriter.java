package dev.baton.kv.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/**
 * The writing side of a ring: puts records in, piece by piece, so that the reader takes the first
 * bytes of a plane while the last are still put in. For one thread at a time, which never waits
 * here.
 *
 * <p>What the reader writes is looked at once for each step; a reader that claims to have read what
 * was not written is an error, and can never make this write outside of the ring.
 */
public final class RingWriter {
  private final MemorySegment ring;
  private final MemorySegment data;
  private final int capacity;
  private final Runnable wakeReader;

  private long written;
  private long read;

  private final byte[] head = new byte[RingForm.HEAD_BYTES];
  private final CRC32C sum = new CRC32C();
  private boolean headWaits;
  private MemorySegment payload = MemorySegment.NULL;
  private ByteBuffer payloadBytes = ByteBuffer.allocate(0);
  private int length;
  private int left;
  private boolean tailWaits;

  /**
   * Makes an empty ring in {@code segment}, whatever is in it; its reader is asleep.
   *
   * @param wakeReader called when there is something to read and the reader sleeps
   */
  RingWriter(MemorySegment segment, long nonceHigh, long nonceLow, Runnable wakeReader) {
    this.ring = segment;
    this.capacity = RingForm.capacity(segment);
    this.data = segment.asSlice(RingForm.DATA_AT, capacity);
    this.wakeReader = wakeReader;
    segment.asSlice(0, RingForm.DATA_AT).fill((byte) 0);
    segment.set(RingForm.LONG, RingForm.MAGIC_AT, RingForm.MAGIC);
    segment.set(RingForm.LONG, RingForm.NONCE_HIGH_AT, nonceHigh);
    segment.set(RingForm.LONG, RingForm.NONCE_LOW_AT, nonceLow);
    RingForm.FLAG.setVolatile(segment, RingForm.READER_ASLEEP_AT, 1);
  }

  /**
   * Takes up the next record; the last one must be finished.
   *
   * @param head 44 bytes, of which the last four are set here: CRC32C of the first 40
   * @param payload borrowed while {@link #isBusy}
   */
  public void begin(byte[] head, MemorySegment payload) {
    if (isBusy()) {
      throw new IllegalStateException("the last record is not finished");
    }
    System.arraycopy(head, 0, this.head, 0, RingForm.HEAD_CHECKED_BYTES);
    sum.reset();
    sum.update(head, 0, RingForm.HEAD_CHECKED_BYTES);
    ByteBuffer.wrap(this.head)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(RingForm.HEAD_CHECKED_BYTES, (int) sum.getValue());
    this.payload = payload;
    this.payloadBytes = payload.asByteBuffer();
    this.length = Math.toIntExact(payload.byteSize());
    this.left = length;
    this.headWaits = true;
    this.tailWaits = true;
  }

  /** Whether a record was begun and is not finished. */
  public boolean isBusy() {
    return headWaits || left > 0 || tailWaits;
  }

  /**
   * Goes on with the record, until it is finished, there is no room for its next step, or about
   * {@code budget} bytes were put in.
   *
   * @return bytes put in
   * @throws RingException if the reader's position cannot be
   */
  public int advance(int budget) throws RingException {
    long from = written;
    while (isBusy() && written - from < budget && room() >= nextStep()) {
      if (headWaits) {
        putHead();
      } else if (left > 0) {
        putPiece();
      } else {
        putTail();
      }
    }
    return (int) (written - from);
  }

  /** Whether the next step of a record, or a next record's head and a piece, would find room. */
  public boolean hasRoom() throws RingException {
    return room() >= nextStep();
  }

  /** Whether everything that was put in has been read. */
  public boolean isDrained() throws RingException {
    return room() == capacity;
  }

  /**
   * Asks to be woken when half of the ring is free.
   *
   * @return false if it is already, and nobody will wake this side
   */
  public boolean sleep() throws RingException {
    RingForm.FLAG.setVolatile(ring, RingForm.WRITER_ASLEEP_AT, 1);
    lookAtReader();
    if (free() < capacity / 2) {
      return true;
    }
    RingForm.FLAG.setVolatile(ring, RingForm.WRITER_ASLEEP_AT, 0);
    return false;
  }

  private int nextStep() {
    if (headWaits) {
      return RingForm.LINE;
    }
    if (left > 0) {
      return Math.min(left, RingForm.PIECE_BYTES);
    }
    return tailWaits ? RingForm.tailBytes(length) : RingForm.LINE + RingForm.PIECE_BYTES;
  }

  /** Free bytes; the reader's line is read only when what was known of it does not do. */
  private int room() throws RingException {
    if (free() < nextStep() || !isBusy()) {
      lookAtReader();
    }
    return free();
  }

  private int free() {
    return (int) (capacity - (written - read));
  }

  private void lookAtReader() throws RingException {
    long now = (long) RingForm.POSITION.getVolatile(ring, RingForm.READ_AT);
    if (now < read || now > written) {
      throw new RingException("ring.read: %d, expected %d to %d".formatted(now, read, written));
    }
    read = now;
  }

  private void putHead() {
    MemorySegment.copy(head, 0, data, ValueLayout.JAVA_BYTE, at(), head.length);
    headWaits = false;
    publish(RingForm.LINE);
  }

  private void putPiece() {
    int from = length - left;
    int count = Math.min(Math.min(left, RingForm.PIECE_BYTES), capacity - at());
    // The sum first: it brings the bytes into the cache, from which they are copied.
    sum.update(payloadBytes.limit(from + count).position(from));
    MemorySegment.copy(payload, from, data, at(), count);
    left -= count;
    publish(count);
  }

  private void putTail() {
    int count = RingForm.tailBytes(length);
    int sumAt = (at() + count - RingForm.SUM_BYTES) & (capacity - 1);
    data.set(RingForm.INT, sumAt, (int) sum.getValue());
    tailWaits = false;
    payload = MemorySegment.NULL;
    publish(count);
  }

  private int at() {
    return (int) (written & (capacity - 1));
  }

  private void publish(int count) {
    written += count;
    RingForm.POSITION.setVolatile(ring, RingForm.WRITTEN_AT, written);
    if ((int) RingForm.FLAG.getVolatile(ring, RingForm.READER_ASLEEP_AT) != 0) {
      RingForm.FLAG.setVolatile(ring, RingForm.READER_ASLEEP_AT, 0);
      wakeReader.run();
    }
  }
}
