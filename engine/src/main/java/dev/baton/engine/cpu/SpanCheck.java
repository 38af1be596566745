package dev.baton.engine.cpu;

import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.Layout;
import dev.baton.model.ModelConfig;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Refuses a batch that would read or write where it must not, before any memory is touched. */
final class SpanCheck {
  private final ModelConfig config;
  private final Layout layout;

  SpanCheck(ModelConfig config, Layout layout) {
    this.config = config;
    this.layout = layout;
  }

  /**
   * Requires that every span fits, and that no block that one place writes is read or written from
   * another.
   *
   * @throws IllegalArgumentException naming span, value and what would be right
   */
  void check(List<Span> batch) {
    Set<Block> written = new HashSet<>();
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
    if (length > config.contextTokens() - span.start()) {
      throw fault(
          i,
          "end",
          (long) span.start() + length,
          "at most the context of " + config.contextTokens() + " tokens");
    }
    for (int t = 0; t < length; t++) {
      int token = span.tokens()[t];
      if (token < 0 || token >= config.vocabulary()) {
        throw fault(
            i,
            "tokens[" + t + "]",
            token,
            "an id of the vocabulary, 0 to " + (config.vocabulary() - 1));
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
    if (logits != null && logits.length != config.vocabulary()) {
      throw fault(i, "logits", logits.length, "the vocabulary's " + config.vocabulary());
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
