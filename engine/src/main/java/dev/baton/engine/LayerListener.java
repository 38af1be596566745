package dev.baton.engine;

/**
 * Hears which KV is final while a batch still runs. Called on the thread that computes, one call at
 * a time, with everything that was written visible to it; must not block or throw.
 */
@FunctionalInterface
public interface LayerListener {
  /** Wants to hear nothing. */
  LayerListener NONE = (span, layer, end) -> {};

  /**
   * K and V of one layer are final for every position of the span's sequence before {@code end}. A
   * span that is computed in several passes is reported in each of them, with a larger {@code end};
   * layers come in order within a pass. After a batch that did not fail every span was reported up
   * to its {@link Span#end()} at every layer.
   *
   * @param span one of the batch, the very object
   */
  void layerWritten(Span span, int layer, int end);
}
