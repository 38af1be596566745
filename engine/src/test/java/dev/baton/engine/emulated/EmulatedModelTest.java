package dev.baton.engine.emulated;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.baton.model.PublishedModels;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How large emulated KV is. */
class EmulatedModelTest {
  /** Grouped queries, 16 bits: 2 x layers x 8 x 128 x 2 bytes. */
  @ParameterizedTest
  @CsvSource({"llama-3.1-70b, 327680", "llama-3.1-8b, 131072", "llama-2-7b, 524288"})
  void wholeKvIsThatOfTheRealModel(String name, long bytes) {
    EmulatedModel whole = model(name, 1);

    assertThat(whole.kvBytesPerToken()).isEqualTo(bytes);
    assertThat(whole.layout().layers())
        .isEqualTo(PublishedModels.config(name).orElseThrow().layers());
  }

  @ParameterizedTest
  @CsvSource({"0.5", "0.1", "0.015625", "0.001"})
  void aFractionIsWhatTheLayoutSays(double fraction) {
    EmulatedModel part = model("llama-3.1-70b", fraction);

    // Rounded to whole words of 8 bytes in each plane of each layer.
    double expected = 327_680 * fraction;
    double word = 2.0 * 8 * part.layout().layers();
    assertThat((double) part.kvBytesPerToken()).isCloseTo(expected, within(word));
    assertThat(part.layout().layers()).isGreaterThanOrEqualTo(8);
  }

  @Test
  void otherSizesAreOtherLineages() {
    assertThat(model("llama-3.1-70b", 1).lineage())
        .isEqualTo(model("llama-3.1-70b", 1).lineage())
        .isNotEqualTo(model("llama-3.1-70b", 0.5).lineage())
        .isNotEqualTo(model("llama-2-70b", 1).lineage());
  }

  @ParameterizedTest
  @CsvSource({"0", "1.5", "-1", "NaN", "0.0001"})
  void aFractionThatCannotBeIsRefused(double fraction) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> model("llama-3.1-70b", fraction))
        .withMessageStartingWith("kv-fraction: ");
  }

  private static EmulatedModel model(String name, double fraction) {
    return EmulatedModel.of(name, PublishedModels.config(name).orElseThrow(), 1024, 16, fraction);
  }
}
