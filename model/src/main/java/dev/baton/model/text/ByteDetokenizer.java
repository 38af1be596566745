package dev.baton.model.text;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * For byte-level tokens: decodes UTF-8, holding back at most the three bytes of an unfinished
 * character. Malformed bytes become U+FFFD as in the reference, one for each maximal part.
 */
final class ByteDetokenizer implements Detokenizer {
  private final Vocabulary vocabulary;
  private final CharsetDecoder utf8 =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private byte[] unfinished = new byte[0];

  ByteDetokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  @Override
  public String push(int id) {
    byte[] bytes = vocabulary.bytes(id);
    ByteBuffer input =
        ByteBuffer.allocate(unfinished.length + bytes.length).put(unfinished).put(bytes).flip();
    CharBuffer text = CharBuffer.allocate(input.remaining() + 1);
    utf8.decode(input, text, false);
    unfinished = new byte[input.remaining()];
    input.get(unfinished);
    return text.flip().toString();
  }

  @Override
  public String finish() {
    return new String(unfinished, StandardCharsets.UTF_8);
  }
}
