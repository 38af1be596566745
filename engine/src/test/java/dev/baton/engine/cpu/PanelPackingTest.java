package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.Family;
import dev.baton.model.ModelDirectory;
import dev.baton.model.weights.WeightDtype;
import dev.baton.model.weights.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Packed weights outlive a release in a file: another layout needs another version. */
class PanelPackingTest {
  /** Of models of every family with every type of weights, by version; add, never change one. */
  private static final Map<Integer, String> DIGESTS =
      Map.of(
          1, "0aea2a020f3377d97603c50303f3a01d56fe400ea905e0a7b37ec3248a192f40",
          2, "f0edf254277e59dfb7080696771ae94597036c7cce5cf6408bf8262b7beb3fa0");

  @TempDir private Path directory;

  @Test
  void layoutIsThatOfItsVersion() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (Family family : Family.values()) {
      for (WeightDtype dtype : WeightDtype.values()) {
        add(digest, family, dtype);
      }
    }
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .as("packed weights of PanelPacking.VERSION; raise it if they are meant to be others")
        .isEqualTo(DIGESTS.get(PanelPacking.VERSION));
  }

  private void add(MessageDigest digest, Family family, WeightDtype dtype) {
    ModelDirectory model =
        SmallModel.write(
            directory.resolve(family + "-" + dtype),
            SmallModel.ofKind(family, dtype, new SplittableRandom(7 + family.ordinal())),
            dtype,
            77);
    try (Weights weights = Weights.open(model);
        Arena arena = Arena.ofConfined()) {
      PanelPacking packing = PanelPacking.of(model.config(), weights);
      for (int section = 0; section < packing.sections().size(); section++) {
        for (int piece = 0; piece < packing.sections().get(section).pieces(); piece++) {
          MemorySegment to =
              arena.allocate(packing.sections().get(section).pieceBytes(), Panels.CACHE_LINE);
          packing.pack(section, piece, to);
          digest.update(to.asByteBuffer());
        }
      }
    }
  }
}
