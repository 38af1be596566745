package dev.baton.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Golden values come from src/test/python/key_chain_golden.py. */
class KeyChainTest {
  private static final Lineage LINEAGE = new Lineage("ab".repeat(32));
  private static final TenantSalt SALT = new TenantSalt("cd".repeat(32));

  private record Golden(
      Lineage lineage, TenantSalt salt, int blockTokens, int[] tokens, List<String> keys) {
    static Golden of(String line) {
      String[] fields = line.split(" ");
      return new Golden(
          new Lineage(fields[0]),
          new TenantSalt(fields[1]),
          Integer.parseInt(fields[2]),
          items(fields[3]).mapToInt(Integer::parseUnsignedInt).toArray(),
          items(fields[4]).toList());
    }

    private static Stream<String> items(String field) {
      return field.equals("-") ? Stream.empty() : Arrays.stream(field.split(","));
    }
  }

  @Test
  void keysAreThoseOfTheIndependentScript() throws IOException {
    List<Golden> goldens;
    try (InputStream in = KeyChainTest.class.getResourceAsStream("key-chain.golden")) {
      goldens =
          new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().map(Golden::of).toList();
    }
    assertThat(goldens).hasSize(108);
    for (Golden golden : goldens) {
      KeyChain chain = new KeyChain(golden.lineage(), golden.salt(), golden.blockTokens());
      assertThat(chain.keys(golden.tokens()).stream().map(BlockKey::toString))
          .containsExactlyElementsOf(golden.keys());
    }
  }

  @Test
  void aPrefixOfTokensHasAPrefixOfTheKeys() {
    KeyChain chain = new KeyChain(LINEAGE, SALT, 4);
    int[] tokens = IntStream.range(0, 40).toArray();
    List<BlockKey> all = chain.keys(tokens);
    for (int blocks = 0; blocks <= 10; blocks++) {
      assertThat(chain.keys(Arrays.copyOf(tokens, 4 * blocks))).isEqualTo(all.subList(0, blocks));
    }
  }

  @Test
  void everyInputDecidesTheKeys() {
    int[] tokens = {1, 2, 3, 4, 5, 6, 7, 8};
    List<BlockKey> keys = new KeyChain(LINEAGE, SALT, 4).keys(tokens);
    List<BlockKey> otherLineage = new KeyChain(new Lineage("ac".repeat(32)), SALT, 4).keys(tokens);
    List<BlockKey> otherSalt =
        new KeyChain(LINEAGE, new TenantSalt("ce".repeat(32)), 4).keys(tokens);
    List<BlockKey> otherSize = new KeyChain(LINEAGE, SALT, 2).keys(tokens);
    List<BlockKey> otherFirst =
        new KeyChain(LINEAGE, SALT, 4).keys(new int[] {0, 2, 3, 4, 5, 6, 7, 8});
    assertThat(keys).doesNotContainAnyElementsOf(otherLineage);
    assertThat(keys).doesNotContainAnyElementsOf(otherSalt);
    assertThat(keys).doesNotContainAnyElementsOf(otherSize);
    assertThat(keys).doesNotContainAnyElementsOf(otherFirst);
  }

  @Test
  void aPartlyFilledBlockHasAnotherKeyThanTheFullOne() {
    KeyChain chain = new KeyChain(LINEAGE, SALT, 4);
    assertThat(chain.keys(new int[] {1, 2, 3}))
        .doesNotContainAnyElementsOf(chain.keys(new int[] {1, 2, 3, 0}));
    assertThat(chain.blocksFor(5)).isEqualTo(2);
    assertThat(chain.fullBlocks(5)).isEqualTo(1);
  }

  @Test
  void theSaltIsNotPrinted() {
    assertThat(SALT.toString()).doesNotContain("cd");
  }

  @Test
  void formsAreChecked() {
    assertThatThrownBy(() -> new Lineage("AB".repeat(32))).hasMessageContaining("lineage");
    assertThatThrownBy(() -> new TenantSalt("ab")).hasMessageContaining("tenant salt");
    assertThatThrownBy(() -> BlockKey.of(new byte[15])).hasMessageContaining("15 bytes");
    assertThatThrownBy(() -> new KeyChain(LINEAGE, SALT, 0)).hasMessageContaining("block tokens");
  }
}
