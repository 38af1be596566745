package dev.baton.model.text;

import java.util.List;
import java.util.Optional;

/**
 * Text of one answer, as its tokens come.
 *
 * <ul>
 *   <li>Everything returned, put together, is {@link Tokenizer#decode} of all tokens without the
 *       special ones, cut before the first stop string.
 *   <li>Text is returned once it is certain: no half characters, nothing that may belong to a stop
 *       string.
 *   <li>The cost of a token does not grow with the text before it.
 *   <li>One thread at a time.
 * </ul>
 */
public final class TextStream {
  private final Vocabulary vocabulary;
  private final Detokenizer detokenizer;
  private final StopStrings stops;

  /**
   * A stream that ends before the first of these strings; there may be none.
   *
   * @throws IllegalArgumentException if one is empty
   */
  public TextStream(Tokenizer tokenizer, List<String> stopStrings) {
    this.vocabulary = tokenizer.tokens();
    this.detokenizer = Detokenizer.of(tokenizer);
    this.stops = new StopStrings(stopStrings);
  }

  /**
   * Adds a token. Returns the text that became certain, perhaps empty; special tokens and whatever
   * follows a stop string have none.
   */
  public String push(int tokenId) {
    if (stops.found().isPresent() || !vocabulary.isText(tokenId)) {
      return "";
    }
    return stops.push(detokenizer.push(tokenId));
  }

  /**
   * Ends the stream. Returns the text that was held back, empty after a stop string. May itself
   * meet a stop string, in an unfinished character's replacement.
   */
  public String finish() {
    if (stops.found().isPresent()) {
      return "";
    }
    String text = stops.push(detokenizer.finish());
    return text + stops.finish();
  }

  /** The stop string that ended the stream, if one did. */
  public Optional<String> stoppedBy() {
    return stops.found();
  }
}
