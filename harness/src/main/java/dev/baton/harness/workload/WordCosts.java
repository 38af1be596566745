package dev.baton.harness.workload;

import dev.baton.model.ModelDirectory;
import dev.baton.model.text.ChatTemplate;
import dev.baton.model.text.Tokenizer;
import java.util.Arrays;
import java.util.List;

/**
 * What a prompt's words cost in tokens.
 *
 * @param perWord tokens of each of the vocabulary's words; may be fractional
 * @param overhead tokens that the server adds to every prompt: template, beginning of text
 * @param source how they are known, for the report
 */
public record WordCosts(double[] perWord, double overhead, String source) {
  private static final int REPEATS = 8;

  /** Copies the array, and refuses one that is not as long as the vocabulary. */
  public WordCosts {
    perWord = perWord.clone();
    if (perWord.length != PromptWords.COUNT
        || Arrays.stream(perWord).anyMatch(cost -> !(cost > 0))) {
      throw new IllegalArgumentException(
          "expected more than 0 tokens for each of " + PromptWords.COUNT + " words");
    }
  }

  /** The array is the caller's. */
  @Override
  public double[] perWord() {
    return perWord.clone();
  }

  /**
   * By the model's own tokenizer, word by word.
   *
   * @param chat whether prompts are the one message of a conversation, around which the model's
   *     template puts tokens
   * @throws dev.baton.model.ModelException if the directory has no usable tokenizer
   */
  public static WordCosts ofTokenizer(ModelDirectory model, boolean chat) {
    try (Tokenizer tokenizer = Tokenizer.open(model)) {
      String before = PromptWords.word(0);
      int tokensBefore = tokenizer.encode(before, false).length;
      double[] costs = new double[PromptWords.COUNT];
      for (int i = 0; i < costs.length; i++) {
        String text = before + PromptWords.word(i).repeat(REPEATS);
        costs[i] = (tokenizer.encode(text, false).length - tokensBefore) / (double) REPEATS;
      }
      int whole =
          chat
              ? tokenizer.encode(conversation(model, before), false).length
              : tokenizer.encode(before, true).length;
      int overhead = Math.max(0, whole - tokensBefore);
      return new WordCosts(costs, overhead, "the tokenizer of " + model.path());
    }
  }

  private static String conversation(ModelDirectory model, String content) {
    return ChatTemplate.open(model).render(List.of(new ChatTemplate.Message("user", content)));
  }

  /**
   * By what a server said that two prompts cost.
   *
   * @param words words of the two prompts, the second more than the first
   * @param tokens prompt tokens that the server reported for them
   * @throws WorkloadException if the longer one did not cost more
   */
  public static WordCosts ofUsage(int[] words, int[] tokens) {
    double perWord = (tokens[1] - tokens[0]) / (double) (words[1] - words[0]);
    if (!(perWord > 0)) {
      throw new WorkloadException(
          "the server reported %d prompt tokens for %d words and %d for %d: give --tokenizer DIR"
              .formatted(tokens[0], words[0], tokens[1], words[1]));
    }
    double[] costs = new double[PromptWords.COUNT];
    Arrays.fill(costs, perWord);
    double overhead = Math.max(0, tokens[0] - perWord * words[0]);
    return new WordCosts(costs, overhead, "the usage that the server reported");
  }

  /** As if every word were one token: for prompts that find out what words cost. */
  public static WordCosts oneEach() {
    double[] costs = new double[PromptWords.COUNT];
    Arrays.fill(costs, 1);
    return new WordCosts(costs, 0, "one token a word");
  }
}
