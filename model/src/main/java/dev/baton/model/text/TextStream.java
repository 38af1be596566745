package dev.baton.model.text;

import java.util.List;
import java.util.Optional;

/** Text of one answer, as its tokens come. */
public final class TextStream {
  /** A stream that ends before the first of these strings; there may be none. */
  public TextStream(Tokenizer tokenizer, List<String> stopStrings) {
    throw new UnsupportedOperationException("" + tokenizer + stopStrings);
  }

  /** Adds a token. Returns the text that became certain, perhaps empty. */
  public String push(int tokenId) {
    throw new UnsupportedOperationException("" + tokenId);
  }

  /** Ends the stream. Returns the text that was held back, empty after a stop string. */
  public String finish() {
    throw new UnsupportedOperationException();
  }

  /** The stop string that ended the stream, if one did. */
  public Optional<String> stoppedBy() {
    return Optional.empty();
  }
}
