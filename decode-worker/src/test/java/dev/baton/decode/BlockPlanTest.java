package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockPlanTest {
  /** In blocks of 16. The last token of an answer needs no place. */
  @ParameterizedTest(name = "{0} prompt tokens, {1} of answer, {2} choices")
  @CsvSource({
    // prompt, max, choices | prompt blocks, shared, own, total, tail
    "1, 1, 1,   1, 0, 1, 1, true",
    "15, 1, 1,  1, 0, 1, 1, true",
    "15, 2, 1,  1, 0, 1, 1, true",
    "15, 3, 1,  1, 0, 2, 2, true",
    "16, 1, 3,  1, 1, 0, 1, false",
    "16, 2, 1,  1, 1, 1, 2, false",
    "16, 17, 3, 1, 1, 1, 4, false",
    "16, 18, 3, 1, 1, 2, 7, false",
    "17, 16, 2, 2, 1, 1, 3, true",
    "100, 60, 3, 7, 6, 4, 18, true",
  })
  void countsSharedAndOwnBlocks(
      int prompt,
      int max,
      int choices,
      int promptBlocks,
      int shared,
      int own,
      long total,
      boolean tail) {
    BlockPlan plan = BlockPlan.of(prompt, max, choices, 16);

    assertThat(plan).isEqualTo(new BlockPlan(promptBlocks, shared, own, choices));
    assertThat(plan.total()).isEqualTo(total);
    assertThat(plan.hasTail()).isEqualTo(tail);
  }
}
