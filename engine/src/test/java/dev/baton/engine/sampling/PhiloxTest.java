package dev.baton.engine.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PhiloxTest {
  /** The known-answer vectors of the Random123 distribution. */
  @Test
  void blocksAreThoseOfTheRandom123Vectors() {
    assertThat(Philox.block(words(0, 0, 0, 0), words(0, 0)))
        .containsExactly(words(0x6627e8d5L, 0xe169c58dL, 0xbc57ac4cL, 0x9b00dbd8L));
    long ones = 0xffffffffL;
    assertThat(Philox.block(words(ones, ones, ones, ones), words(ones, ones)))
        .containsExactly(words(0x408f276dL, 0x41c83b0eL, 0xa20bc7c6L, 0x6d5451fdL));
    assertThat(
            Philox.block(
                words(0x243f6a88L, 0x85a308d3L, 0x13198a2eL, 0x03707344L),
                words(0xa4093822L, 0x299f31d0L)))
        .containsExactly(words(0xd16cfe09L, 0x94fdccebL, 0x5001e420L, 0x24126ea1L));
  }

  @Test
  void drawIsTheUpper53BitsOfTheFirstTwoWords() {
    long bits = 0xe169c58d6627e8d5L;
    assertThat(Philox.uniform(0, 0, 0)).isEqualTo((bits >>> 11) / 0x1p53);
  }

  @Test
  void everyPartOfSeedPositionAndChoiceCounts() {
    double draw = Philox.uniform(1, 1, 1);
    assertThat(Philox.uniform(1 + (1L << 32), 1, 1)).isNotEqualTo(draw);
    assertThat(Philox.uniform(2, 1, 1)).isNotEqualTo(draw);
    assertThat(Philox.uniform(1, 1 + (1L << 32), 1)).isNotEqualTo(draw);
    assertThat(Philox.uniform(1, 2, 1)).isNotEqualTo(draw);
    assertThat(Philox.uniform(1, 1, 2)).isNotEqualTo(draw);
    assertThat(Philox.uniform(1, 1, 1)).isEqualTo(draw);
  }

  private static int[] words(long... words) {
    int[] cut = new int[words.length];
    for (int i = 0; i < cut.length; i++) {
      cut[i] = (int) words[i];
    }
    return cut;
  }
}
