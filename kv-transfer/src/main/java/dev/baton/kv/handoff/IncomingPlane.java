package dev.baton.kv.handoff;

import dev.baton.kv.handoff.FrameVerifier.Place;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * A plane that arrives piece by piece out of memory that its sender can change meanwhile: each
 * piece is copied to its block first, and what is summed up is the copy. For one thread.
 */
final class IncomingPlane {
  private final IncomingHandoff handoff;
  private final Place place;
  private final MemorySegment memory;
  private final ByteBuffer copied;
  private final CRC32C sum;
  private int at;

  /** A plane without bytes; {@code sum} is of its header. */
  IncomingPlane(IncomingHandoff handoff, Place place, MemorySegment memory, CRC32C sum) {
    this.handoff = handoff;
    this.place = place;
    this.memory = memory;
    this.copied = memory.asByteBuffer();
    this.sum = sum;
  }

  /** Bytes of the whole plane. */
  int length() {
    return copied.capacity();
  }

  /**
   * Writes the next bytes.
   *
   * @throws HandoffException a refusal, if the handoff is over
   */
  void take(MemorySegment piece) throws HandoffException {
    handoff.write(() -> copy(piece));
  }

  private void copy(MemorySegment piece) {
    int count = Math.toIntExact(piece.byteSize());
    MemorySegment.copy(piece, 0, memory, at, count);
    sum.update(copied.limit(at + count).position(at));
    at += count;
  }

  /**
   * All bytes are written, and {@code stated} is their sum.
   *
   * @throws HandoffException a refusal, if it is not, or if the handoff is over
   */
  void end(int stated) throws HandoffException {
    FrameVerifier.requireSum(stated, (int) sum.getValue());
    handoff.arrived(place);
  }
}
