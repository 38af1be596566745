package dev.baton.kv.shm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The reading side of a ring. For one thread at a time, which never waits here.
 *
 * <ul>
 *   <li>Nothing in the segment is believed: the writer's position is read once for each step and
 *       checked, every byte of a head is copied before it is looked at, lengths come from the sink,
 *       and offsets are made from this side's own position only.
 *   <li>Bytes are given back to the writer when the sink has taken them.
 *   <li>The work of one {@link #drain} is bounded, however fast the writer is; and so is the number
 *       of times that a writer is woken, however often it says that it sleeps.
 * </ul>
 */
public final class RingReader {
  private enum Stage {
    HEAD,
    PAYLOAD,
    TAIL
  }

  private final MemorySegment ring;
  private final MemorySegment data;
  private final int capacity;
  private final Runnable wakeWriter;

  private final int leastBetweenWakes;

  private long read;
  private long mayWakeAt;
  private Stage stage = Stage.HEAD;
  private final byte[] head = new byte[RingForm.HEAD_BYTES];
  private int length;
  private int left;

  /**
   * Reads from the begin of a ring.
   *
   * @param wakeWriter called when there is room and the writer sleeps
   */
  RingReader(MemorySegment segment, Runnable wakeWriter) {
    this.ring = segment;
    this.capacity = RingForm.capacity(segment);
    this.data = segment.asSlice(RingForm.DATA_AT, capacity);
    this.wakeWriter = wakeWriter;
    this.leastBetweenWakes = capacity / RingForm.MOST_WAKES;
  }

  /**
   * Takes out what is there, up to about {@code budget} bytes.
   *
   * @return bytes taken; 0 if the next step of a record is not there yet
   * @throws RingException if the writer's position cannot be
   */
  public <E extends Exception> int drain(RingSink<E> sink, int budget) throws RingException, E {
    int taken = 0;
    while (taken < budget) {
      int step = step(sink, available());
      if (step == 0) {
        break;
      }
      taken += step;
      giveBack(step);
    }
    return taken;
  }

  /** As many bytes as can be in the ring at once. */
  public int capacity() {
    return capacity;
  }

  /**
   * Asks to be woken when there is more to read.
   *
   * @return false if there is already, and nobody will wake this side
   */
  public boolean sleep() throws RingException {
    RingForm.FLAG.setVolatile(ring, RingForm.READER_ASLEEP_AT, 1);
    if (available() < leastStep()) {
      return true;
    }
    RingForm.FLAG.setVolatile(ring, RingForm.READER_ASLEEP_AT, 0);
    return false;
  }

  private int available() throws RingException {
    long written = (long) RingForm.POSITION.getVolatile(ring, RingForm.WRITTEN_AT);
    if (written < read || written - read > capacity) {
      throw new RingException(
          "ring.written: %s, expected %d to %d"
              .formatted(Long.toUnsignedString(written), read, read + capacity));
    }
    return (int) (written - read);
  }

  private int leastStep() {
    return switch (stage) {
      case HEAD -> RingForm.LINE;
      case PAYLOAD -> 1;
      case TAIL -> RingForm.tailBytes(length);
    };
  }

  private <E extends Exception> int step(RingSink<E> sink, int available) throws E {
    if (available < leastStep()) {
      return 0;
    }
    return switch (stage) {
      case HEAD -> takeHead(sink);
      case PAYLOAD -> takePiece(sink, available);
      case TAIL -> takeTail(sink);
    };
  }

  private <E extends Exception> int takeHead(RingSink<E> sink) throws E {
    MemorySegment.copy(data, ValueLayout.JAVA_BYTE, at(), head, 0, head.length);
    length = sink.begin(head.clone());
    if (length < 1 || length > Integer.MAX_VALUE - RingForm.LINE - RingForm.SUM_BYTES) {
      throw new IllegalArgumentException("payload: " + length + " bytes");
    }
    left = length;
    stage = Stage.PAYLOAD;
    return RingForm.LINE;
  }

  private <E extends Exception> int takePiece(RingSink<E> sink, int available) throws E {
    int count =
        Math.min(Math.min(available, left), Math.min(RingForm.PIECE_BYTES, capacity - at()));
    sink.take(data.asSlice(at(), count));
    left -= count;
    if (left == 0) {
      stage = Stage.TAIL;
    }
    return count;
  }

  private <E extends Exception> int takeTail(RingSink<E> sink) throws E {
    int count = RingForm.tailBytes(length);
    int sum = data.get(RingForm.INT, (at() + count - RingForm.SUM_BYTES) & (capacity - 1));
    stage = Stage.HEAD;
    sink.end(sum);
    return count;
  }

  private int at() {
    return (int) (read & (capacity - 1));
  }

  private void giveBack(int count) {
    read += count;
    RingForm.POSITION.setVolatile(ring, RingForm.READ_AT, read);
    if ((int) RingForm.FLAG.getVolatile(ring, RingForm.WRITER_ASLEEP_AT) != 0
        && read >= mayWakeAt
        && isHalfFree()) {
      mayWakeAt = read + leastBetweenWakes;
      RingForm.FLAG.setVolatile(ring, RingForm.WRITER_ASLEEP_AT, 0);
      wakeWriter.run();
    }
  }

  private boolean isHalfFree() {
    long written = (long) RingForm.POSITION.getVolatile(ring, RingForm.WRITTEN_AT);
    return written - read <= capacity / 2;
  }
}
