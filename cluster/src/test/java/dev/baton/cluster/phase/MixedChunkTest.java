package dev.baton.cluster.phase;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.hardware.HardwareCatalog;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many prompt tokens go beside sequences, on hardware with different knees. */
class MixedChunkTest {
  private static final ModelSpec SMALL =
      new ModelSpec("small", 4, 256, 8, 4, 32, 704, 1024, 2, 8192);

  private static PhaseModel phases(String hardware, int chips) {
    ModelSpec model = hardware.equals("H100") ? Models.LLAMA_2_70B : SMALL;
    return new PhaseModel(HardwareCatalog.load().find(hardware), chips, model);
  }

  @ParameterizedTest(name = "{1} of {0}, {2}")
  @CsvSource({"H100, 8, 2048", "H100, 8, 512", "A100-80GB, 1, 2048", "generic-cpu, 1, 256"})
  void itIsTheSmallestThatIsReadNearlyAsFastAsAWholeChunk(String hardware, int chips, int most) {
    PhaseModel phases = phases(hardware, chips);
    double wanted = 0.8 * most / phases.prefillSeconds(most, 0);

    int tokens = MixedChunk.tokens(phases, most);

    assertThat(tokens).isBetween(32, most);
    assertThat(tokens / phases.prefillSeconds(tokens, 0)).isGreaterThanOrEqualTo(wanted);
    if (tokens > 32) {
      assertThat(tokens / 2 / phases.prefillSeconds(tokens / 2, 0)).isLessThan(wanted);
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "16", "31"})
  void itIsNeverMoreThanAWholeChunk(int most) {
    assertThat(MixedChunk.tokens(phases("H100", 8), most)).isEqualTo(most);
  }
}
