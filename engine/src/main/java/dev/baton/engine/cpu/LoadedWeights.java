package dev.baton.engine.cpu;

import dev.baton.engine.packed.PackedWeights;
import dev.baton.engine.packed.WeightStore;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.WeightDigests;
import dev.baton.model.weights.Weights;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A model's weights, packed, with the memory that holds them: a file's that other processes map
 * too, or this process's own.
 *
 * @param digests of those that decide KV
 */
record LoadedWeights(TransformerWeights weights, WeightDigests digests, Arena arena)
    implements AutoCloseable {
  /** Loads a model's. The directory's files are mapped only meanwhile. */
  static LoadedWeights load(ModelDirectory directory, WeightStore store, Team team) {
    ModelConfig config = directory.config();
    try (Weights weights = Weights.open(directory)) {
      PanelPacking packing = PanelPacking.of(config, weights);
      Optional<PackedWeights> stored = store.open(weights, packing);
      Arena arena = stored.map(PackedWeights::arena).orElseGet(Arena::ofShared);
      try {
        List<Panels> panels = new ArrayList<>();
        for (int i = 0; i < packing.matrices().size(); i++) {
          Matrix matrix = packing.matrices().get(i);
          panels.add(
              stored.isPresent()
                  ? matrix.over(stored.get().sections().get(i))
                  : Panels.pack(matrix.parts(), arena, team));
        }
        TransformerWeights all = TransformerWeights.of(config, weights, panels);
        WeightDigests digests = stored.map(PackedWeights::digests).orElseGet(packing::digests);
        if (stored.isPresent()) {
          weights.requireUnchanged(); // what was read just now belongs to what was packed once
        }
        return new LoadedWeights(all, digests, arena);
      } catch (Throwable e) {
        arena.close();
        throw e;
      }
    }
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    arena.close();
  }
}
