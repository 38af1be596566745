package dev.baton.engine;

import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/**
 * Refuses a batch that would read or write where it must not, before any memory is touched.
 * Allocates nothing once it has seen the largest batch. One check at a time.
 */
public final class SpanCheck {
  private final int vocabulary;
  private final int contextTokens;
  private final Layout layout;

  /** Of the batch that is checked. */
  private final Set<Block> written = Collections.newSetFromMap(new IdentityHashMap<>());

  /**
   * For an engine with these limits.
   *
   * @param vocabulary number of token ids
   * @param contextTokens most positions of a sequence
   * @param layout shape of its blocks
   */
  public SpanCheck(int vocabulary, int contextTokens, Layout layout) {
    this.vocabulary = vocabulary;
    this.contextTokens = contextTokens;
    this.layout = layout;
  }

  /**
   * Requires that every span fits, and that no block that one place writes is read or written from
   * another.
   *
   * @throws IllegalArgumentException naming span, value and what would be right
   */
  public void check(List<Span> batch) {
    written.clear();
    for (int i = 0; i < batch.size(); i++) {
      Span span = batch.get(i);
      fits(i, span);
      for (int block = firstWritten(span); block < blocks(span); block++) {
        if (!written.add(span.blocks().get(block))) {
          throw fault(i, "blocks[" + block + "]", span.blocks().get(block), "a block of its own");
        }
      }
    }
    for (int i = 0; i < batch.size(); i++) {
      Span span = batch.get(i);
      for (int block = 0; block < firstWritten(span); block++) {
        if (written.contains(span.blocks().get(block))) {
          throw fault(
              i,
              "blocks[" + block + "]",
              span.blocks().get(block),
              "a block that this batch does not write");
        }
      }
    }
  }

  private void fits(int i, Span span) {
    int length = span.tokens().length;
    if (length > contextTokens - span.start()) {
      throw fault(
          i,
          "end",
          (long) span.start() + length,
          "at most the context of " + contextTokens + " tokens");
    }
    for (int t = 0; t < length; t++) {
      int token = span.tokens()[t];
      if (token < 0 || token >= vocabulary) {
        throw fault(
            i, "tokens[" + t + "]", token, "an id of the vocabulary, 0 to " + (vocabulary - 1));
      }
    }
    if (span.blocks().size() < blocks(span)) {
      throw fault(
          i, "blocks", span.blocks().size(), blocks(span) + " for " + span.end() + " tokens");
    }
    for (int block = 0; block < blocks(span); block++) {
      long bytes = span.blocks().get(block).bytes().byteSize();
      if (bytes != layout.blockBytes()) {
        throw fault(i, "blocks[" + block + "]", bytes + " bytes", layout.blockBytes() + " bytes");
      }
    }
    float[] logits = span.logits();
    if (logits != null && logits.length != vocabulary) {
      throw fault(i, "logits", logits.length, "the vocabulary's " + vocabulary);
    }
  }

  private int firstWritten(Span span) {
    return span.start() / layout.blockTokens();
  }

  private int blocks(Span span) {
    return layout.blocksFor(span.end());
  }

  private static IllegalArgumentException fault(
      int span, String field, Object value, String expected) {
    return new IllegalArgumentException(
        "span[" + span + "]." + field + ": " + value + ", expected " + expected);
  }
}
