package dev.baton.engine;

import dev.baton.kv.Block;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A run of consecutive tokens of one sequence to compute.
 *
 * @param tokens ids to compute, at least one
 * @param start position of the first of them; the KV of all earlier positions is in {@code blocks}
 * @param blocks the sequence's block table: position {@code p} is in block {@code p / block tokens}
 * @param logits receives the logits of the span's last token, {@link Engine#vocabulary()} long;
 *     null if not wanted
 */
public record Span(int[] tokens, int start, List<Block> blocks, float @Nullable [] logits) {
  /**
   * Checks what can be checked without the model.
   *
   * @throws IllegalArgumentException if there is no token or {@code start} is negative
   */
  public Span {
    Objects.requireNonNull(blocks, "blocks");
    if (tokens.length == 0) {
      throw new IllegalArgumentException("span: no tokens, expected at least one");
    }
    if (start < 0) {
      throw new IllegalArgumentException("span.start: " + start + ", expected at least 0");
    }
  }

  /** Position after the last token. */
  public int end() {
    return start + tokens.length;
  }
}
