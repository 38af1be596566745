package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.LineageDigest;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** KV outlives a release on disk: another bit needs another version, and with it a lineage. */
class ArithmeticVersionTest {
  /** Of {@link DigestMain}'s models, by version; add a line, never change one. */
  private static final Map<Integer, String> DIGESTS =
      Map.of(1, "58a95f5183413902c9cc924c46892fca698ef219dd26c0fe3ccdb437295cb8c1");

  @TempDir private Path directory;

  @Test
  void bitsOfTheEngineAreThoseOfItsVersion() throws Exception {
    assertThat(DigestMain.digests(directory, 1))
        .as("logits and KV of LineageDigest.ARITHMETIC_VERSION; raise it if they are meant to be")
        .containsExactly(DIGESTS.get(LineageDigest.ARITHMETIC_VERSION));
  }
}
