package dev.baton.harness.chaos;

import java.util.List;

/**
 * What a stream is, beside the stream that it should be, token by token.
 *
 * @param verdict in one word
 * @param at where the two differ, from 0; where they do not, how many were heard
 */
public record StreamComparison(Verdict verdict, int at) {
  /** What a stream may be. */
  public enum Verdict {
    /** The same from beginning to end. */
    SAME,
    /** The same as far as it goes. */
    PREFIX,
    /** Goes back, and says again what was said. */
    DUPLICATED,
    /** Leaves something out, and goes on behind it. */
    SKIPPED,
    /** Says something else. */
    DIVERGENT
  }

  /** So many tokens tell that a stream goes on elsewhere; fewer if there are no more. */
  private static final int MATCH = 4;

  /** Compares what was heard with what should have been. */
  public static StreamComparison of(List<String> reference, List<String> heard) {
    int same = 0;
    int least = Math.min(reference.size(), heard.size());
    while (same < least && reference.get(same).equals(heard.get(same))) {
      same++;
    }
    if (same == heard.size()) {
      return new StreamComparison(
          same == reference.size() ? Verdict.SAME : Verdict.PREFIX, heard.size());
    }
    List<String> rest = heard.subList(same, heard.size());
    for (int back = same - 1; back >= 0; back--) {
      if (goesOn(reference, back, rest)) {
        return new StreamComparison(Verdict.DUPLICATED, same);
      }
    }
    for (int ahead = same + 1; ahead < reference.size(); ahead++) {
      if (goesOn(reference, ahead, rest)) {
        return new StreamComparison(Verdict.SKIPPED, same);
      }
    }
    return new StreamComparison(Verdict.DIVERGENT, same);
  }

  private static boolean goesOn(List<String> reference, int from, List<String> rest) {
    int length = Math.min(MATCH, Math.min(rest.size(), reference.size() - from));
    return reference.subList(from, from + length).equals(rest.subList(0, length));
  }
}
