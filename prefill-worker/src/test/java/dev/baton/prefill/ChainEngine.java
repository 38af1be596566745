package dev.baton.prefill;

import dev.baton.engine.Engine;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.PlaneOrder;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * An engine whose KV is a hash chain: that of a position is a hash of its token and of the position
 * before, as it stands in the blocks. Logits follow from the last position's. A wrong, stale or
 * missing block thus gives other tokens. It runs in microseconds, and tests may look into or break
 * its steps.
 */
final class ChainEngine implements Engine {
  static final int VOCABULARY = 50;
  static final int CONTEXT = 4096;
  private static final int BLOCK_TOKENS = 16;
  private static final Layout LAYOUT =
      new Layout(2, 1, 2, KvDtype.F32, BLOCK_TOKENS, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  /** Tokens of each span of each step so far. */
  final List<List<Integer>> steps = new CopyOnWriteArrayList<>();

  private volatile boolean closed;
  private volatile Consumer<List<Span>> beforeStep = batch -> {};
  private volatile IntConsumer afterLayer = layer -> {};

  /** What each step does first; it may wait or throw. */
  void beforeStep(Consumer<List<Span>> hook) {
    beforeStep = hook;
  }

  /** What follows each layer of each step, once it was told; it may wait or throw. */
  void afterLayer(IntConsumer hook) {
    afterLayer = hook;
  }

  @Override
  public Layout layout() {
    return LAYOUT;
  }

  @Override
  public Lineage lineage() {
    return new Lineage("c0".repeat(32));
  }

  @Override
  public int vocabulary() {
    return VOCABULARY;
  }

  @Override
  public int contextTokens() {
    return CONTEXT;
  }

  @Override
  public void run(List<Span> batch, LayerListener listener) {
    beforeStep.accept(batch);
    steps.add(batch.stream().map(span -> span.tokens().length).toList());
    for (int layer = 0; layer < LAYOUT.layers(); layer++) {
      for (Span span : batch) {
        compute(span, layer);
        listener.layerWritten(span, layer, span.end());
      }
      afterLayer.accept(layer);
    }
    batch.forEach(ChainEngine::logits);
  }

  private static void compute(Span span, int layer) {
    long chain = span.start() == 0 ? 1 + layer : at(span.blocks(), layer, span.start() - 1);
    for (int i = 0; i < span.tokens().length; i++) {
      chain = mix(chain, span.tokens()[i]);
      put(span.blocks(), layer, span.start() + i, chain);
    }
  }

  private static void logits(Span span) {
    if (span.logits() != null) {
      SplittableRandom random =
          new SplittableRandom(at(span.blocks(), LAYOUT.layers() - 1, span.end() - 1));
      for (int i = 0; i < span.logits().length; i++) {
        span.logits()[i] = (float) random.nextDouble(-4, 4);
      }
    }
  }

  private static long mix(long chain, int token) {
    return new SplittableRandom(chain * 31 + token).nextLong();
  }

  private static long at(List<Block> blocks, int layer, int position) {
    return plane(blocks, layer, position)
        .get(ValueLayout.JAVA_LONG_UNALIGNED, 8L * (position % BLOCK_TOKENS));
  }

  private static void put(List<Block> blocks, int layer, int position, long value) {
    plane(blocks, layer, position)
        .set(ValueLayout.JAVA_LONG_UNALIGNED, 8L * (position % BLOCK_TOKENS), value);
  }

  private static MemorySegment plane(List<Block> blocks, int layer, int position) {
    return blocks.get(position / BLOCK_TOKENS).plane(layer, PlaneKind.V);
  }

  @Override
  public void close() {
    closed = true;
  }

  boolean isClosed() {
    return closed;
  }
}
