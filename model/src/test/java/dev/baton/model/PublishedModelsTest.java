package dev.baton.model;

import static org.assertj.core.api.Assertions.assertThat;

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
    "llama-3.2-3b, 3212749824"
  })
  void parametersAreThoseOfThePublishedWeights(String name, long parameters) {
    ModelConfig config = PublishedModels.config(name).orElseThrow();

    long hidden = config.hidden();
    long attention = 2 * hidden * config.headSize() * (config.heads() + config.kvHeads());
    long layer = attention + 3 * hidden * config.intermediate() + 2 * hidden;
    long embeddings = (config.tiedEmbeddings() ? 1 : 2) * hidden * config.vocabulary();
    assertThat(config.layers() * layer + embeddings + hidden).isEqualTo(parameters);
  }
}
