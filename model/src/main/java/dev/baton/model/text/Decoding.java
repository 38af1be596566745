package dev.baton.model.text;

import java.util.Iterator;
import tools.jackson.databind.JsonNode;

/** How spellings of tokens become text: the {@code decoder} of {@code tokenizer.json}. */
sealed interface Decoding {
  /** Spellings are bytes in GPT-2's alphabet: Llama 3, Qwen. */
  record Bytes() implements Decoding {}

  /**
   * SentencePiece's spelling, {@code ▁} for a space and {@code <0xNN>} for a byte: Llama 2,
   * Mistral.
   *
   * @param leadingSpaces how many spaces are dropped at the beginning of a text
   */
  record Pieces(int leadingSpaces) implements Decoding {}

  /** Anything else, which only the tokenizer's library decodes. */
  record Other() implements Decoding {}

  /** What the file says. */
  static Decoding of(JsonNode decoder) {
    JsonNode steps = decoder.path("decoders");
    if (isStep(decoder, "ByteLevel")) {
      return new Bytes();
    }
    if (!isStep(decoder, "Sequence") || !steps.isArray()) {
      return new Other();
    }
    if (steps.size() == 1 && isStep(steps.get(0), "ByteLevel")) {
      return new Bytes();
    }
    Iterator<JsonNode> left = steps.iterator();
    boolean pieces =
        left.hasNext()
            && replacesSpace(left.next())
            && left.hasNext()
            && isStep(left.next(), "ByteFallback")
            && left.hasNext()
            && isStep(left.next(), "Fuse");
    if (!pieces) {
      return new Other();
    }
    if (!left.hasNext()) {
      return new Pieces(0);
    }
    JsonNode strip = left.next();
    boolean stripsStart =
        isStep(strip, "Strip")
            && strip.path("content").asString("").equals(" ")
            && strip.path("stop").asInt(0) == 0;
    return stripsStart && !left.hasNext() ? new Pieces(strip.path("start").asInt(0)) : new Other();
  }

  private static boolean isStep(JsonNode step, String type) {
    return step.path("type").asString("").equals(type);
  }

  private static boolean replacesSpace(JsonNode step) {
    return isStep(step, "Replace")
        && step.path("pattern").path("String").asString("").equals("▁")
        && step.path("content").asString("").equals(" ");
  }
}
