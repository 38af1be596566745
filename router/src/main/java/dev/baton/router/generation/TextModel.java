package dev.baton.router.generation;

import dev.baton.model.GenerationDefaults;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import dev.baton.model.text.ChatTemplate;
import dev.baton.model.text.Tokenizer;

/**
 * What the router has of a model: everything between text and tokens, and no weights.
 *
 * @param name by which clients ask for it
 * @param config its numbers
 * @param defaults of sampling, and its end-of-sequence tokens
 * @param tokenizer between text and tokens; closed with this
 * @param template between conversations and text
 */
public record TextModel(
    String name,
    ModelConfig config,
    GenerationDefaults defaults,
    Tokenizer tokenizer,
    ChatTemplate template)
    implements AutoCloseable {

  /**
   * Opens what a model directory has.
   *
   * @throws dev.baton.model.ModelException if a file is missing or wrong
   */
  public static TextModel open(ModelDirectory directory, String name) {
    return new TextModel(
        name,
        directory.config(),
        directory.generationDefaults(),
        Tokenizer.open(directory),
        ChatTemplate.open(directory));
  }

  @Override
  public void close() {
    tokenizer.close();
  }
}
