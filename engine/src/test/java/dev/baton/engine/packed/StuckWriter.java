package dev.baton.engine.packed;

import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.Weights;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * A process that packs all but the last piece, prints a line and stands still. Arguments: a store,
 * a model.
 */
final class StuckWriter {
  private StuckWriter() {}

  public static void main(String[] arguments) {
    try (Weights weights = Weights.open(ModelDirectory.open(Path.of(arguments[1])))) {
      var _ = Stores.ofAll(Path.of(arguments[0])).open(weights, new Stuck());
    }
  }

  private static final class Stuck extends CountedPacking {
    @Override
    public void pack(int section, int piece, MemorySegment to) {
      super.pack(section, piece, to);
      if (packed() == PIECES) {
        System.out.println("stuck");
        while (true) {
          Thread.onSpinWait();
        }
      }
    }
  }
}
