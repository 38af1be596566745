package dev.baton.model.text;

/**
 * For byte-level tokens: decodes UTF-8 (the WHATWG decoder), holding back at most the three bytes
 * of an unfinished character. Malformed bytes become U+FFFD as in the reference, one for each
 * maximal part of a character.
 */
final class ByteDetokenizer implements Detokenizer {
  private static final int FIRST = 0x80;
  private static final int LAST = 0xBF;

  private final Vocabulary vocabulary;

  /** Bytes that the character still needs; 0 between characters. */
  private int needed;

  private int character;

  // Range of the next byte.
  private int first = FIRST;
  private int last = LAST;

  ByteDetokenizer(Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  @Override
  public String push(int id) {
    StringBuilder text = new StringBuilder();
    for (byte each : vocabulary.bytes(id)) {
      int value = Byte.toUnsignedInt(each);
      if (needed == 0) {
        begin(value, text);
      } else if (value < first || value > last) {
        text.append('\uFFFD');
        needed = 0;
        begin(value, text);
      } else {
        first = FIRST;
        last = LAST;
        character = (character << 6) | (value & 0x3F);
        if (--needed == 0) {
          text.appendCodePoint(character);
        }
      }
    }
    return text.toString();
  }

  private void begin(int value, StringBuilder text) {
    // Shorter spellings, surrogates and what is beyond U+10FFFF fail at the second byte.
    first = value == 0xE0 ? 0xA0 : value == 0xF0 ? 0x90 : FIRST;
    last = value == 0xED ? 0x9F : value == 0xF4 ? 0x8F : LAST;
    if (value < 0x80) {
      text.append((char) value);
    } else if (value >= 0xC2 && value <= 0xDF) {
      expect(1, value & 0x1F);
    } else if (value >= 0xE0 && value <= 0xEF) {
      expect(2, value & 0xF);
    } else if (value >= 0xF0 && value <= 0xF4) {
      expect(3, value & 0x7);
    } else {
      text.append('\uFFFD');
    }
  }

  private void expect(int bytes, int bits) {
    needed = bytes;
    character = bits;
  }

  @Override
  public String finish() {
    return needed == 0 ? "" : "\uFFFD";
  }
}
