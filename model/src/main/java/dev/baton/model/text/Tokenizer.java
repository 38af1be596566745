package dev.baton.model.text;

import dev.baton.model.ModelDirectory;

/**
 * A model's tokenizer.
 *
 * <ul>
 *   <li>Safe for use by many threads.
 *   <li>Never pads, never truncates, never reads anything but {@code tokenizer.json}.
 *   <li>Ids outside the vocabulary have no text.
 * </ul>
 */
public final class Tokenizer implements AutoCloseable {
  private Tokenizer() {}

  /**
   * Loads {@code tokenizer.json}.
   *
   * @throws dev.baton.model.ModelException if it is missing or is not a tokenizer
   */
  public static Tokenizer open(ModelDirectory directory) {
    throw new UnsupportedOperationException(directory.toString());
  }

  /**
   * Token ids of {@code text}. The names of special tokens within the text become those tokens.
   *
   * @param addSpecialTokens whether to add what the model expects around a text, such as its
   *     beginning-of-text token; false for a rendered {@link ChatTemplate}
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    throw new UnsupportedOperationException(text + addSpecialTokens);
  }

  /** Text of all these tokens. Bytes that are no UTF-8 become U+FFFD. */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    throw new UnsupportedOperationException("" + ids.length + skipSpecialTokens);
  }

  /**
   * Text of one token as OpenAI's log-probabilities show it: {@code bytes:\xf0\x9f} where the
   * token's bytes are no UTF-8 on their own; special tokens by name.
   */
  public String token(int id) {
    throw new UnsupportedOperationException("" + id);
  }

  /** The bytes that the token adds to a text; a special token's name; empty if unknown. */
  public byte[] tokenBytes(int id) {
    throw new UnsupportedOperationException("" + id);
  }

  /** One more than the largest token id. May differ from the width of the model's logits. */
  public int vocabulary() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {}
}
