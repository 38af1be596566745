package dev.baton.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.model.weights.TransformerTensors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The configurations against the number of parameters that Hugging Face counts. */
class PublishedModelsTest {
  @ParameterizedTest
  @CsvSource({
    "llama-2-7b, 6738415616",
    "llama-2-13b, 13015864320",
    "llama-2-70b, 68976648192",
    "llama-3.1-8b, 8030261248",
    "llama-3.1-70b, 70553706496",
    "llama-3.1-405b, 405853388800",
    "llama-3.2-1b, 1235814400",
    "llama-3.2-3b, 3212749824",
    "mistral-7b-v0.1, 7241732096",
    "mistral-7b-v0.3, 7248023552",
    "qwen2.5-0.5b, 494032768",
    "qwen2.5-1.5b, 1543714304",
    "qwen2.5-7b, 7615616512",
    "qwen3-0.6b, 596049920",
    "qwen3-8b, 8190735360",
    "qwen3-32b, 32762123264"
  })
  void parametersAreThoseOfThePublishedWeights(String name, long parameters) {
    ModelConfig config = PublishedModels.config(name).orElseThrow();

    assertThat(
            TransformerTensors.of(config).stream()
                .mapToLong(TransformerTensors.Expected::elements)
                .sum())
        .isEqualTo(parameters);
  }
}
