package dev.baton.router.generation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What one leg writes: choices with numbers that follow each other, from the same token on. Whoever
 * is asked for it reads the prompt and what was delivered of these choices, which is equal, as one
 * prompt; numbers, seed and positions stay those of the request, so that the tokens do, too.
 *
 * @param request of which
 * @param first number of the first choice
 * @param count how many choices
 * @param delivered tokens that the client has of each of them; not to be modified
 */
record Part(SettledRequest request, int first, int count, int[] delivered) {
  /** All choices, from the first token on. */
  static Part whole(SettledRequest request) {
    return new Part(request, 0, request.choices(), new int[0]);
  }

  /** All that is left to write of these answers, in as few parts as can be. */
  static List<Part> rest(SettledRequest request, List<Answer> answers) {
    List<Part> parts = new ArrayList<>();
    int from = 0;
    while (from < answers.size()) {
      Answer first = answers.get(from);
      int to = from + 1;
      while (to < answers.size()
          && !first.isWhole()
          && !answers.get(to).isWhole()
          && answers.get(to).choice() == first.choice() + to - from
          && Arrays.equals(answers.get(to).ids(), first.ids())) {
        to++;
      }
      if (!first.isWhole()) {
        parts.add(new Part(request, first.choice(), to - from, first.ids()));
      }
      from = to;
    }
    return parts;
  }

  /** What is read: the request's prompt, and after it what was delivered. */
  int[] prompt() {
    return IntStream.concat(IntStream.of(request.prompt()), IntStream.of(delivered)).toArray();
  }

  /** Most tokens still to write of each choice. */
  int maxTokens() {
    return request.maxTokens() - delivered.length;
  }

  /** Whether a choice is one of them. */
  boolean has(int choice) {
    return choice >= first && choice < first + count;
  }
}
