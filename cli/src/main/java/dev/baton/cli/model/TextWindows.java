package dev.baton.cli.model;

import dev.baton.cli.shell.Failure;
import dev.baton.model.ModelDirectory;
import dev.baton.model.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A text cut into windows of tokens that do not overlap, each a sequence of its own. Where the
 * tokenizer begins texts with a token of its own, every window begins with it.
 *
 * @param windows at least two tokens each
 * @param first index in a window of the first token that has something before it to predict it from
 *     and is the text's
 */
record TextWindows(List<int[]> windows, int first) {

  /**
   * Cuts a text.
   *
   * @param tokens of a window at most, that of the beginning included
   * @throws Failure if the models have other tokens for it, or if it is too short
   */
  static TextWindows of(String text, ModelDirectory model, ModelDirectory other, int tokens) {
    int[] all;
    int[] begin;
    try (Tokenizer tokenizer = Tokenizer.open(model);
        Tokenizer second = Tokenizer.open(other)) {
      all = tokenizer.encode(text, false);
      begin = beginning(tokenizer);
      if (!Arrays.equals(all, second.encode(text, false))
          || !Arrays.equals(begin, beginning(second))) {
        throw new Failure(
            "%s and %s have other tokens for this text: their losses cannot be compared"
                .formatted(model.path(), other.path()));
      }
    }
    int each = tokens - begin.length;
    if (each < 1) {
      throw new Failure(
          "--window: %d, expected more than the %d tokens that the tokenizer begins texts with"
              .formatted(tokens, begin.length));
    }
    int first = Math.max(1, begin.length);
    List<int[]> windows = new ArrayList<>();
    for (int from = 0; from < all.length; from += each) {
      int[] part = Arrays.copyOfRange(all, from, Math.min(from + each, all.length));
      int[] window = IntStream.concat(IntStream.of(begin), IntStream.of(part)).toArray();
      if (window.length > first) {
        windows.add(window);
      }
    }
    if (windows.isEmpty()) {
      throw new Failure("the text has " + all.length + " tokens, expected more");
    }
    return new TextWindows(windows, first);
  }

  /** What the tokenizer puts before a text; what it puts after is left out. */
  private static int[] beginning(Tokenizer tokenizer) {
    int[] plain = tokenizer.encode("a", false);
    int[] whole = tokenizer.encode("a", true);
    int at = 0;
    while (at + plain.length <= whole.length
        && !Arrays.equals(whole, at, at + plain.length, plain, 0, plain.length)) {
      at++;
    }
    if (at + plain.length > whole.length) {
      throw new Failure(
          "the tokenizer has other tokens for a text where it begins it: cannot tell which are the beginning");
    }
    return Arrays.copyOf(whole, at);
  }
}
