package dev.baton.model.text;

import java.util.ArrayList;
import java.util.List;

/**
 * For decoders that only the library knows: a token's text is what it adds to the text of the
 * tokens just before it. Exact where a token's text depends on nothing else; a text that ends with
 * U+FFFD is held back for a few tokens, since the next one may complete the character.
 */
final class WindowDetokenizer implements Detokenizer {
  private static final int PATIENCE = 8;

  private final Tokenizer tokenizer;
  private List<Integer> before = List.of();
  private final List<Integer> pending = new ArrayList<>();

  WindowDetokenizer(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
  }

  @Override
  public String push(int id) {
    pending.add(id);
    String added = added();
    boolean certain = !added.isEmpty() && !added.endsWith("\uFFFD");
    if (!certain && pending.size() < PATIENCE) {
      return "";
    }
    before = List.copyOf(pending);
    pending.clear();
    return added;
  }

  @Override
  public String finish() {
    return pending.isEmpty() ? "" : added();
  }

  private String added() {
    List<Integer> all = new ArrayList<>(before);
    all.addAll(pending);
    String text = decode(all);
    return text.substring(Math.min(text.length(), decode(before).length()));
  }

  private String decode(List<Integer> ids) {
    return tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray(), true);
  }
}
