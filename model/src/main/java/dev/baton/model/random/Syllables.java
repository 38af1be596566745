package dev.baton.model.random;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * A byte-level BPE vocabulary of syllables: the 256 bytes, merges that build consonant-vowel and
 * longer syllables with and without a leading space, then the special tokens. Every text can be
 * encoded, and random tokens read like speech of nobody.
 *
 * @param tokens all tokens in the order of their ids, spelled in GPT-2's byte alphabet
 * @param merges pairs, most urgent first
 */
record Syllables(List<String> tokens, List<String> merges) {
  static final List<String> SPECIAL =
      List.of(
          "<|begin_of_text|>",
          "<|end_of_text|>",
          "<|start_header_id|>",
          "<|end_header_id|>",
          "<|eot_id|>");
  static final int LEAST = 256 + SPECIAL.size();

  private static final List<String> CONSONANTS = List.of("bcdfghjklmnprstvwz".split(""));
  private static final List<String> VOWELS = List.of("aeiou".split(""));
  private static final String SPACE = byteAlphabet().get((int) ' ');

  /** The vocabulary of this size, from {@link #LEAST} to {@link #most}. */
  static Syllables ofSize(int vocabulary) {
    List<String[]> pairs = pairs();
    List<String> tokens = new ArrayList<>(byteAlphabet());
    List<String> merges = new ArrayList<>();
    for (String[] pair : pairs.subList(0, vocabulary - LEAST)) {
      merges.add(pair[0] + " " + pair[1]);
      tokens.add(pair[0] + pair[1]);
    }
    tokens.addAll(SPECIAL);
    return new Syllables(List.copyOf(tokens), List.copyOf(merges));
  }

  /** The largest vocabulary there is. */
  static int most() {
    return LEAST + pairs().size();
  }

  /** Id of a special token. */
  int special(String name) {
    return tokens.size() - SPECIAL.size() + SPECIAL.indexOf(name);
  }

  /** Whether a token spoils legible text: control characters, loose bytes, special tokens. */
  boolean illegible(int id) {
    return id >= tokens.size() - SPECIAL.size() || (id < 256 && ".,?!\n".indexOf(id) < 0);
  }

  private static List<String[]> pairs() {
    List<String[]> pairs = new ArrayList<>();
    List<String> open = join(CONSONANTS, VOWELS, pairs);
    join(List.of(SPACE), open, pairs);
    for (String consonant : CONSONANTS) {
      List<String> closed = join(open, List.of(consonant), pairs);
      join(List.of(SPACE), closed, pairs);
    }
    for (String syllable : open) {
      List<String> words = join(List.of(syllable), open, pairs);
      join(List.of(SPACE), words, pairs);
      for (String consonant : CONSONANTS) {
        join(words, List.of(consonant), pairs);
      }
    }
    return pairs;
  }

  private static List<String> join(List<String> left, List<String> right, List<String[]> pairs) {
    List<String> joined = new ArrayList<>();
    for (String first : left) {
      for (String second : right) {
        pairs.add(new String[] {first, second});
        joined.add(first + second);
      }
    }
    return joined;
  }

  /** GPT-2's visible character for each byte: printable ones stand for themselves. */
  static List<String> byteAlphabet() {
    Map<Integer, Integer> shifted = new HashMap<>();
    IntStream.range(0, 256)
        .filter(each -> !stands(each))
        .forEach(each -> shifted.put(each, 256 + shifted.size()));
    return IntStream.range(0, 256)
        .mapToObj(each -> Character.toString(shifted.getOrDefault(each, each)))
        .toList();
  }

  private static boolean stands(int value) {
    return (value >= '!' && value <= '~') || (value >= 0xA1 && value != 0xAD);
  }
}
