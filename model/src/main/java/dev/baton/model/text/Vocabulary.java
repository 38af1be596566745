package dev.baton.model.text;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Tokens of a tokenizer: spelling, bytes, which are special. Immutable. */
final class Vocabulary {
  private static final Pattern PIECE_BYTE = Pattern.compile("<0x[0-9A-Fa-f]{2}>");
  private static final Map<Integer, Byte> BYTE_OF_LETTER = byteOfLetter();

  private final @Nullable String[] spellings;
  private final BitSet special;
  private final Decoding decoding;

  Vocabulary(@Nullable String[] spellings, BitSet special, Decoding decoding) {
    int size = spellings.length;
    while (size > 0 && spellings[size - 1] == null) {
      size--;
    }
    this.spellings = Arrays.copyOf(spellings, size);
    this.special = special;
    this.decoding = decoding;
  }

  /** One more than the largest id. */
  int size() {
    return spellings.length;
  }

  Decoding decoding() {
    return decoding;
  }

  /** Whether the id has a spelling and adds it to a text. */
  boolean isText(int id) {
    return spelling(id) != null && !special.get(id);
  }

  boolean isSpecial(int id) {
    return spelling(id) != null && special.get(id);
  }

  @Nullable String spelling(int id) {
    return id < 0 || id >= spellings.length ? null : spellings[id];
  }

  /** The byte that a piece spells as {@code <0xNN>}, of 0 to 255. */
  OptionalInt pieceByte(int id) {
    String spelling = spelling(id);
    return spelling != null && PIECE_BYTE.matcher(spelling).matches()
        ? OptionalInt.of(Integer.parseInt(spelling, 3, 5, 16))
        : OptionalInt.empty();
  }

  /** The text of a piece that spells no byte; empty for an unknown id. */
  String pieceText(int id) {
    String spelling = spelling(id);
    return spelling == null ? "" : spelling.replace('▁', ' ');
  }

  /** The bytes that the token adds to a text; of a special token its name; empty if unknown. */
  byte[] bytes(int id) {
    String spelling = spelling(id);
    if (spelling == null) {
      return new byte[0];
    }
    if (special.get(id)) {
      return spelling.getBytes(StandardCharsets.UTF_8);
    }
    return switch (decoding) {
      case Decoding.Bytes bytes -> ofLetters(spelling);
      case Decoding.Pieces pieces -> {
        OptionalInt value = pieceByte(id);
        yield value.isPresent() ? new byte[] {(byte) value.getAsInt()} : ofPiece(id);
      }
      case Decoding.Other other -> ofPiece(id);
    };
  }

  private byte[] ofPiece(int id) {
    return pieceText(id).getBytes(StandardCharsets.UTF_8);
  }

  /** As the reference decodes: a spelling with a letter outside the alphabet stands for itself. */
  private static byte[] ofLetters(String spelling) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(spelling.length());
    for (int letter : spelling.codePoints().toArray()) {
      Byte value = BYTE_OF_LETTER.get(letter);
      if (value == null) {
        return spelling.getBytes(StandardCharsets.UTF_8);
      }
      bytes.write(value);
    }
    return bytes.toByteArray();
  }

  /** GPT-2's alphabet: printable bytes are themselves, the others follow from U+0100 on. */
  private static Map<Integer, Byte> byteOfLetter() {
    Map<Integer, Byte> bytes = new HashMap<>();
    int[] shifted = {256};
    IntStream.range(0, 256)
        .forEach(value -> {
          boolean printable = (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
          bytes.put(printable ? value : shifted[0]++, (byte) value);
        });
    return Map.copyOf(bytes);
  }
}
