package dev.baton.engine.cpu;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** Kernel: {@code out[k][i] = low half of in[k][i] << 16, out[k][i + 32] = its high half}. */
final class WidenHalves {
  private static final VectorSpecies<Integer> S = Lanes.INTS;
  private static final int INTS = Panels.COLUMNS / 2;
  private static final int HIGH = 0xffff0000;

  private WidenHalves() {}

  static void into(MemorySegment in, long at, int steps, MemorySegment out) {
    for (int k = 0; k < steps; k++) {
      long from = at + (long) k * INTS * Integer.BYTES;
      long to = k * Panels.STEP_BYTES;
      for (int i = 0; i < INTS; i += Lanes.COUNT) {
        long lane = (long) i * Integer.BYTES;
        IntVector pair = IntVector.fromMemorySegment(S, in, from + lane, ByteOrder.LITTLE_ENDIAN);
        pair.lanewise(VectorOperators.LSHL, 16)
            .intoMemorySegment(out, to + lane, ByteOrder.LITTLE_ENDIAN);
        pair.and(HIGH)
            .intoMemorySegment(
                out, to + lane + (long) INTS * Integer.BYTES, ByteOrder.LITTLE_ENDIAN);
      }
    }
  }
}
