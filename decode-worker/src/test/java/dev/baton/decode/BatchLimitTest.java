package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What bounds a step where nobody says how many sequences it holds. */
class BatchLimitTest {
  private static final long GIB = 1L << 30;

  @Test
  void aPoolOfFewBlocksDecides() {
    assertThat(BatchLimit.of(96, 512, 6 * GIB)).isEqualTo(96);
  }

  @Test
  void logitsOfAStepTakeAQuarterOfTheHeapAtMost() {
    int sequences = BatchLimit.of(1 << 20, 151_936, 6 * GIB);

    assertThat(sequences * 151_936L * 4).isBetween(6 * GIB / 4 - 151_936 * 4, 6 * GIB / 4);
  }

  @Test
  void oneSequenceAlwaysFits() {
    assertThat(BatchLimit.of(1000, 1 << 20, 1 << 20)).isEqualTo(1);
  }
}
