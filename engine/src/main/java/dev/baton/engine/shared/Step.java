package dev.baton.engine.shared;

import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.engine.shared.Ask.Piece;
import java.util.ArrayList;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** One run of a shared engine: what it computes of whose batches. */
final class Step implements LayerListener {
  private final Map<Ask, List<Piece>> pieces = new LinkedHashMap<>();
  private final IdentityHashMap<Span, Piece> byPart = new IdentityHashMap<>();

  private Step() {}

  /**
   * The next step.
   *
   * @param waiting those with something to compute, first come first
   * @param promptTokens most tokens of those that are patient, where others are there too
   */
  static Step of(Collection<Ask> waiting, int promptTokens) {
    Step step = new Step();
    for (Ask ask : waiting) {
      if (ask.isAlone()) {
        step.add(ask, ask.next(Integer.MAX_VALUE));
        return step;
      }
    }
    for (Ask ask : waiting) {
      if (!ask.turn().isPatient()) {
        step.add(ask, ask.next(Integer.MAX_VALUE));
      }
    }
    int left = step.pieces.isEmpty() ? Integer.MAX_VALUE : promptTokens;
    for (Ask ask : waiting) {
      if (ask.turn().isPatient() && left > 0) {
        List<Piece> some = ask.next(left);
        step.add(ask, some);
        left -= tokens(some);
      }
    }
    return step;
  }

  private void add(Ask ask, List<Piece> some) {
    pieces.put(ask, some);
    some.forEach(piece -> byPart.put(piece.part(), piece));
  }

  /** Whose batches have a part in it. */
  Collection<Ask> asks() {
    return pieces.keySet();
  }

  /** Whether several loops have a part in it. */
  boolean isJoint() {
    return pieces.size() > 1;
  }

  /** What the engine computes. */
  List<Span> spans() {
    return pieces.values().stream().flatMap(List::stream).map(Piece::part).toList();
  }

  @Override
  public void layerWritten(Span part, int layer, int end) {
    Piece piece = byPart.get(part);
    if (piece != null) {
      piece.ask().written(piece, layer, end);
    }
  }

  /** It is over after so many nanoseconds, well or, where something was thrown, not. */
  void settle(long nanos, ToDoubleFunction<List<Span>> cost, @Nullable Throwable thrown) {
    divide(nanos, cost);
    pieces.forEach((ask, some) -> {
      if (thrown != null) {
        ask.failed(thrown, isJoint());
      } else {
        some.forEach(ask::computed);
      }
    });
  }

  private void divide(long nanos, ToDoubleFunction<List<Span>> cost) {
    List<Ask> asks = new ArrayList<>(pieces.keySet());
    double[] costs = asks.stream().mapToDouble(ask -> costOf(ask, cost)).toArray();
    double sum = 0;
    for (double each : costs) {
      sum += each;
    }
    long left = nanos;
    for (int i = 0; i < costs.length; i++) {
      boolean last = i == costs.length - 1;
      long share = last ? left : Math.min(left, (long) (nanos * (costs[i] / sum)));
      asks.get(i).turn().had(share);
      left -= share;
    }
  }

  private double costOf(Ask ask, ToDoubleFunction<List<Span>> cost) {
    return cost.applyAsDouble(
        pieces.getOrDefault(ask, List.of()).stream().map(Piece::part).toList());
  }

  private static int tokens(List<Piece> some) {
    return some.stream().mapToInt(piece -> piece.part().tokens().length).sum();
  }
}
