package dev.baton.model.text;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;

/**
 * For SentencePiece's spelling. A run of byte tokens is one unit, as in the reference: its text if
 * the run is UTF-8, else U+FFFD for every byte; it is therefore held back until it ends.
 */
final class PieceDetokenizer implements Detokenizer {
  private final Vocabulary vocabulary;
  private final ByteArrayOutputStream run = new ByteArrayOutputStream();
  private int leadingSpaces;

  PieceDetokenizer(Vocabulary vocabulary, int leadingSpaces) {
    this.vocabulary = vocabulary;
    this.leadingSpaces = leadingSpaces;
  }

  @Override
  public String push(int id) {
    OptionalInt value = vocabulary.pieceByte(id);
    if (value.isPresent()) {
      run.write(value.getAsInt());
      return "";
    }
    return stripped(endOfRun() + vocabulary.pieceText(id));
  }

  @Override
  public String finish() {
    return stripped(endOfRun());
  }

  private String endOfRun() {
    byte[] bytes = run.toByteArray();
    run.reset();
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      return "\uFFFD".repeat(bytes.length);
    }
  }

  private String stripped(String text) {
    int from = 0;
    while (from < text.length() && leadingSpaces > 0) {
      if (text.charAt(from) == ' ') {
        from++;
        leadingSpaces--;
      } else {
        leadingSpaces = 0;
      }
    }
    return text.substring(from);
  }
}
