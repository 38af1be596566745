package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.LineageDigest;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** KV outlives a release on disk: another bit needs another version, and with it a lineage. */
class ArithmeticVersionTest {
  /** Of {@link DigestMain}'s Llamas, by version; add a line, never change one. */
  private static final Map<Integer, String> DIGESTS =
      Map.of(1, "58a95f5183413902c9cc924c46892fca698ef219dd26c0fe3ccdb437295cb8c1");

  /** Of all families, with biases, norms of heads, windows and YaRN; by version. */
  private static final Map<Integer, String> FAMILIES =
      Map.of(1, "41b4b390034bf3647eb8b33bd8fdc4ddeec6a61c429cd07081edfee21c76465c");

  @TempDir private Path directory;

  @Test
  void bitsOfTheEngineAreThoseOfItsVersion() throws Exception {
    assertThat(DigestMain.digests(directory, 1, Collections.nCopies(3, SmallModel::config)))
        .as("logits and KV of LineageDigest.ARITHMETIC_VERSION; raise it if they are meant to be")
        .containsExactly(DIGESTS.get(LineageDigest.ARITHMETIC_VERSION));
  }

  @Test
  void bitsOfEveryFamilyAreThoseOfTheVersion() throws Exception {
    assertThat(DigestMain.digests(directory, 1))
        .as("logits and KV of LineageDigest.ARITHMETIC_VERSION; raise it if they are meant to be")
        .containsExactly(FAMILIES.get(LineageDigest.ARITHMETIC_VERSION));
  }
}
