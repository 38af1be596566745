package dev.baton.kv.handoff;

import dev.baton.kv.shm.RingException;
import dev.baton.kv.shm.RingLender;
import dev.baton.kv.shm.RingWriter;
import dev.baton.proto.internal.v1.Ring;
import java.lang.foreign.MemorySegment;

/**
 * The ring that one stream offered, and puts its planes into once the receiver has it. Its stream's
 * push sees to it that one thread at a time is here, and none after {@link #close}.
 */
final class OutgoingRing implements AutoCloseable {
  private final RingLender.Loan loan;
  private final RingWriter writer;
  private final RingPatience patience = new RingPatience(RingPatience.WHILE_FULL_NANOS);
  private boolean answered;
  private boolean taken;

  /**
   * An empty ring.
   *
   * @param wakeReceiver called when there is something in the ring and the receiver sleeps
   */
  OutgoingRing(RingLender.Loan loan, Runnable wakeReceiver) {
    this.loan = loan;
    this.writer = loan.writer(wakeReceiver);
  }

  /** What the receiver is told. */
  Ring offer() {
    return Rings.toProto(loan.name());
  }

  /** Whether the receiver said whether it has the ring; what it says later is no answer. */
  boolean isAnswered() {
    return answered;
  }

  /** The receiver said whether it has the ring; to be called once. */
  void answered(boolean taken) {
    this.answered = true;
    this.taken = taken;
    if (!taken) {
      // It was never touched.
      loan.released();
    }
  }

  /** Whether planes go this way. */
  boolean isTaken() {
    return taken;
  }

  /** Takes up a plane, of which {@code memory} is read until {@link #isHalfway} is false. */
  void begin(FrameHeader header, MemorySegment memory) {
    writer.begin(header.bytes(), memory);
  }

  /** Whether a plane was begun and is not all in the ring. */
  boolean isHalfway() {
    return writer.isBusy();
  }

  /**
   * Puts in up to about {@code budget} bytes.
   *
   * @return how many
   * @throws HandoffException if the receiver broke the ring
   */
  int advance(int budget) throws HandoffException {
    try {
      int put = writer.advance(budget);
      if (put > 0) {
        patience.rewarded();
      }
      return put;
    } catch (RingException e) {
      throw broken(e);
    }
  }

  /**
   * Whether something can be put in.
   *
   * @throws HandoffException if the receiver broke the ring
   */
  boolean hasRoom() throws HandoffException {
    try {
      return writer.hasRoom();
    } catch (RingException e) {
      throw broken(e);
    }
  }

  /**
   * There is no room: whether to wait for the receiver's word instead of looking again at once.
   *
   * @throws HandoffException if the receiver broke the ring
   */
  boolean sleeps() throws HandoffException {
    try {
      return patience.isOver(System.nanoTime()) && writer.sleep();
    } catch (RingException e) {
      throw broken(e);
    }
  }

  /** There was no room and will be looked for again: lets others run first if that takes long. */
  void pause() {
    patience.pause(System.nanoTime());
  }

  private static HandoffException broken(RingException why) {
    return HandoffException.refused(Refusal.PROTOCOL, why.detail());
  }

  /** The receiver has acknowledged everything, and touches the ring no more. */
  void released() {
    loan.released();
  }

  @Override
  public void close() {
    loan.close();
  }
}
