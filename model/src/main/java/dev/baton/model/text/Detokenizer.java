package dev.baton.model.text;

/**
 * Turns the tokens of one text into its characters as they come: what was returned is what the
 * whole text begins with, whatever follows. One thread at a time.
 */
sealed interface Detokenizer permits ByteDetokenizer, PieceDetokenizer, WindowDetokenizer {
  /** Adds a token that has text; returns the characters that became certain. */
  String push(int id);

  /** Returns what was held back. */
  String finish();

  /** For the tokens of one text. */
  static Detokenizer of(Tokenizer tokenizer) {
    return switch (tokenizer.tokens().decoding()) {
      case Decoding.Bytes bytes -> new ByteDetokenizer(tokenizer.tokens());
      case Decoding.Pieces pieces ->
          new PieceDetokenizer(tokenizer.tokens(), pieces.leadingSpaces());
      case Decoding.Other other -> new WindowDetokenizer(tokenizer);
    };
  }
}
