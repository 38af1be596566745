package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.Family;
import dev.baton.model.LineageDigest;
import dev.baton.model.ModelConfig;
import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** KV outlives a release on disk: another bit needs another version, and with it a lineage. */
class ArithmeticVersionTest {
  /** Of three Llamas, by version; add a line, never change one. */
  private static final Map<Integer, String> DIGESTS =
      Map.of(1, "58a95f5183413902c9cc924c46892fca698ef219dd26c0fe3ccdb437295cb8c1");

  /** Of all families, with biases, norms of heads, windows and YaRN; by version. */
  private static final Map<Integer, String> FAMILIES =
      Map.of(1, "41b4b390034bf3647eb8b33bd8fdc4ddeec6a61c429cd07081edfee21c76465c");

  /** Of {@link DigestMain}'s models of a type of weights, by version; as above. */
  private static final Map<Integer, Map<WeightDtype, String>> TYPES =
      Map.of(
          1,
          Map.of(
              WeightDtype.F32, "2a73c1e08181d59a761991da06db354424e2787b8022c02a285bd64d9c0b5b7c",
              WeightDtype.F16, "4fcf0b77edf69dd40ca9288d96e191243e73a7cb879eb79a6239b04fa15c4d79",
              WeightDtype.BF16, "07abb872cf25fcb0553899513d056eb7539ed83574dfbe2fb3cf955561e3efe7",
              WeightDtype.I8, "58390466699dbd1ccc6030fbefe075d8cad9446f1e74bb3c32fe9c0c7825b4f0"));

  /** Leaves a rest on every width. */
  private static final int BLOCK_TOKENS = 21;

  @TempDir private Path directory;

  @Test
  void bitsOfTheEngineAreThoseOfItsVersion() throws Exception {
    assertThat(digest(Collections.nCopies(3, SmallModel::config)))
        .as("logits and KV of LineageDigest.ARITHMETIC_VERSION; raise it if they are meant to be")
        .isEqualTo(DIGESTS.get(LineageDigest.ARITHMETIC_VERSION));
  }

  @Test
  void bitsOfEveryFamilyAreThoseOfTheVersion() throws Exception {
    List<Function<SplittableRandom, ModelConfig>> families =
        Stream.of(Family.values()).map(ArithmeticVersionTest::ofFamily).toList();
    assertThat(digest(families))
        .as("logits and KV of LineageDigest.ARITHMETIC_VERSION; raise it if they are meant to be")
        .isEqualTo(FAMILIES.get(LineageDigest.ARITHMETIC_VERSION));
  }

  @ParameterizedTest
  @EnumSource
  void bitsOfEveryTypeOfWeightsAreThoseOfTheVersion(WeightDtype dtype) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (Family family : Family.values()) {
      digest.update(HexFormat.of().parseHex(DigestMain.digest(directory, family, dtype)));
    }
    assertThat(HexFormat.of().formatHex(digest.digest()))
        .as("logits and KV of LineageDigest.ARITHMETIC_VERSION; raise it if they are meant to be")
        .isEqualTo(TYPES.get(LineageDigest.ARITHMETIC_VERSION).get(dtype));
  }

  private static Function<SplittableRandom, ModelConfig> ofFamily(Family family) {
    return random -> SmallModel.ofFamily(family, random);
  }

  /**
   * Digest of all logits and KV bytes of such models, each with a seed of its own, dtypes in turn.
   */
  private String digest(List<Function<SplittableRandom, ModelConfig>> models) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < models.size(); i++) {
      SplittableRandom random = new SplittableRandom(7 + i);
      ModelConfig config = models.get(i).apply(random);
      var model =
          SmallModel.write(
              directory.resolve("model-" + i),
              config,
              SmallModel.FLOATS.get(i % SmallModel.FLOATS.size()),
              77);
      int[] tokens = random.ints(90, 0, config.vocabulary()).toArray();
      try (CpuEngine engine = CpuEngine.load(model, BLOCK_TOKENS, 2);
          BlockPool pool = new BlockPool(engine.layout(), 10)) {
        Sequence sequence = new Sequence(tokens, List.of(), pool);
        engine.run(List.of(sequence.next(engine, 61)));
        sequence.run(engine, 1);
        sequence.logits().values().forEach(logits -> update(digest, logits));
        for (Block block : sequence.blocks()) {
          digest.update(block.bytes().toArray(ValueLayout.JAVA_BYTE));
        }
        pool.release(sequence.blocks());
      }
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static void update(MessageDigest digest, float[] logits) {
    ByteBuffer bytes = ByteBuffer.allocate(logits.length * Float.BYTES);
    bytes.asFloatBuffer().put(logits);
    digest.update(bytes);
  }
}
