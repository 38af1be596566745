package dev.baton.cli.machine;

import dev.baton.kv.memory.AnonymousMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorSpecies;

/** Reads and copies memory that is larger than any cache, a part for each member of a crew. */
final class MemorySpeed implements AutoCloseable {
  private static final VectorSpecies<Long> S = LongVector.SPECIES_PREFERRED;
  private static final int UNROLLED = 4;
  private static final int PIECE = 1 << 20;
  private static final int CACHE_LINE = 64;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment[] parts;
  private final long[] at;

  /** As in {@link FmaPeak}. */
  @SuppressWarnings("UnusedVariable")
  private volatile long sink;

  /**
   * Memory for {@code members} members.
   *
   * @param bytes of all of them together; rounded down to pieces
   */
  MemorySpeed(long bytes, int members) {
    long each = Math.max(2, bytes / members / PIECE) * PIECE;
    parts = new MemorySegment[members];
    at = new long[members];
    for (int i = 0; i < members; i++) {
      parts[i] = AnonymousMemory.allocate(each, CACHE_LINE, arena).fill((byte) 1);
    }
  }

  /** Reads the member's next piece; bytes read. */
  long read(int member) {
    MemorySegment part = parts[member];
    sink = sum(part, at[member], PIECE);
    at[member] = (at[member] + PIECE) % part.byteSize();
    return PIECE;
  }

  /** Copies the member's next piece from one half of its part to the other; bytes copied. */
  long copy(int member) {
    MemorySegment part = parts[member];
    long half = part.byteSize() / PIECE / 2 * PIECE;
    long from = at[member] % half;
    MemorySegment.copy(part, from, part, half + from, PIECE);
    at[member] = from + PIECE;
    return PIECE;
  }

  private static long sum(MemorySegment from, long start, long bytes) {
    LongVector a = LongVector.zero(S);
    LongVector b = a;
    LongVector c = a;
    LongVector d = a;
    int step = S.vectorByteSize();
    for (long i = start; i < start + bytes; i += (long) UNROLLED * step) {
      a = a.add(LongVector.fromMemorySegment(S, from, i, ByteOrder.LITTLE_ENDIAN));
      b = b.add(LongVector.fromMemorySegment(S, from, i + step, ByteOrder.LITTLE_ENDIAN));
      c = c.add(LongVector.fromMemorySegment(S, from, i + 2L * step, ByteOrder.LITTLE_ENDIAN));
      d = d.add(LongVector.fromMemorySegment(S, from, i + 3L * step, ByteOrder.LITTLE_ENDIAN));
    }
    return a.add(b).add(c).add(d).lane(0);
  }

  @Override
  public void close() {
    arena.close();
  }
}
