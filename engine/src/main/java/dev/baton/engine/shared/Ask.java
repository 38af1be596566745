package dev.baton.engine.shared;

import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.engine.shared.SharedEngine.Turn;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch that a loop waits for, and how much of it is computed. Guarded by the shared engine's
 * lock, but for what its listener hears, which is the computing thread's.
 */
final class Ask {
  /**
   * A run of one of the batch's spans that goes into a step.
   *
   * @param span the loop's own
   * @param part of it, or the very span where it is all of it
   */
  record Piece(Ask ask, Span span, Span part) {}

  private final Turn turn;
  private final List<Span> batch;
  private final LayerListener listener;
  private int wholeSpans;
  private int tokensOfNext;
  private boolean alone;
  private boolean heard;
  private @Nullable Throwable failure;

  Ask(Turn turn, List<Span> batch, LayerListener listener) {
    this.turn = turn;
    this.batch = List.copyOf(batch);
    this.listener = listener;
  }

  /** Whose it is. */
  Turn turn() {
    return turn;
  }

  /** Whether everything is computed, or it failed. */
  boolean isOver() {
    return failure != null || wholeSpans == batch.size();
  }

  /** Whether it must not share a step any more. */
  boolean isAlone() {
    return alone;
  }

  /** What comes next of it, at most {@code most} tokens. */
  List<Piece> next(int most) {
    List<Piece> pieces = new ArrayList<>();
    int left = most;
    int from = tokensOfNext;
    for (int i = wholeSpans; i < batch.size() && left > 0; i++) {
      Span span = batch.get(i);
      int to = from + Math.min(span.tokens().length - from, left);
      pieces.add(new Piece(this, span, part(span, from, to)));
      left -= to - from;
      from = 0;
    }
    return pieces;
  }

  // NullAway loses the @Nullable of an array in a record: Span.logits may be null.
  @SuppressWarnings("NullAway")
  private static Span part(Span span, int from, int to) {
    int length = span.tokens().length;
    if (from == 0 && to == length) {
      return span;
    }
    int[] tokens = Arrays.copyOfRange(span.tokens(), from, to);
    float @Nullable [] logits = to == length ? span.logits() : null;
    return new Span(tokens, span.start() + from, span.blocks(), logits);
  }

  /** A layer of a piece of it is final. */
  void written(Piece piece, int layer, int end) {
    if (!listener.equals(LayerListener.NONE)) {
      heard = true;
      listener.layerWritten(piece.span(), layer, end);
    }
  }

  /** This piece, the next one, is computed. */
  void computed(Piece piece) {
    heard = false;
    if (piece.part().end() == piece.span().end()) {
      wholeSpans++;
      tokensOfNext = 0;
    } else {
      tokensOfNext = piece.part().end() - piece.span().start();
    }
  }

  /**
   * A step with a piece of it failed. Where it may not be the one to blame it is tried again by
   * itself, unless its listener has passed bytes on that would be written once more.
   */
  void failed(Throwable thrown, boolean joint) {
    if (joint && !heard) {
      alone = true;
    } else {
      failure = thrown;
    }
  }

  /** Throws what it failed with. */
  void rethrow() {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
