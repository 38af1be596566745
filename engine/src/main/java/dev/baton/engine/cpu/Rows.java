package dev.baton.engine.cpu;

import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tokens that go through the model together, each a row: a slice of a batch, used again. */
final class Rows {
  /** Most rows at once: bounds the scratch memory, whatever the batch. */
  static final int MOST = 512;

  private final @Nullable Span[] spans = new @Nullable Span[MOST];
  private final int[] offsets = new int[MOST];
  private final int[] tiles = new int[MOST + 1];
  private int count;

  /** Forgets all rows. */
  void clear() {
    Arrays.fill(spans, null);
    count = 0;
  }

  /** Adds the token at {@code offset} of a span. */
  void add(Span span, int offset) {
    spans[count] = span;
    offsets[count] = offset;
    count++;
  }

  int count() {
    return count;
  }

  boolean full() {
    return count == MOST;
  }

  int token(int row) {
    return span(row).tokens()[offsets[row]];
  }

  int position(int row) {
    return span(row).start() + offsets[row];
  }

  List<Block> blocks(int row) {
    return span(row).blocks();
  }

  /** Where the row's logits go; null if nobody wants them. */
  float @Nullable [] logits(int row) {
    Span span = span(row);
    return offsets[row] == span.tokens().length - 1 ? span.logits() : null;
  }

  /**
   * Parts the rows into tiles of at most so many positions of one span that follow each other,
   * which begin at multiples of it where a span does not begin or end between; how many they are.
   */
  int part(int positions) {
    int found = 0;
    for (int row = 0; row < count; row++) {
      if (row == 0 || offsets[row] == 0 || position(row) % positions == 0) {
        tiles[found++] = row;
      }
    }
    tiles[found] = count;
    return found;
  }

  /** First row of a tile; of the one after the last, {@link #count}. */
  int tile(int number) {
    return tiles[number];
  }

  /** Says of every span with rows here how far its KV of this layer is written now. */
  void tellWritten(int layer, LayerListener listener) {
    for (int row = 0; row < count; row++) {
      boolean lastOfItsSpan = row + 1 == count || offsets[row + 1] == 0;
      if (lastOfItsSpan) {
        listener.layerWritten(span(row), layer, position(row) + 1);
      }
    }
  }

  private Span span(int row) {
    Span span = spans[row];
    if (span == null) {
      throw new IndexOutOfBoundsException("row " + row + " of " + count);
    }
    return span;
  }
}
