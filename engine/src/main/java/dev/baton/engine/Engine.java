package dev.baton.engine;

import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import java.util.List;

/**
 * Runs spans of sequences through a model, reading and writing their KV in blocks.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li><b>Batch-invariant</b>: the KV and logits of a token depend, bit for bit, on nothing but
 *       the tokens up to it: not on the batch, the chunking, where earlier KV came from, the thread
 *       count or the vector width.
 *   <li>{@link #run} blocks until the batch is done. One call at a time: the caller owns the loop.
 *   <li>Blocks are borrowed: the engine keeps none after {@link #run} returns.
 * </ul>
 */
public interface Engine extends AutoCloseable {
  /** Shape of the blocks it reads and writes. */
  Layout layout();

  /** What decides the bits of its KV. */
  Lineage lineage();

  /** Number of token ids; the length of a logits array. */
  int vocabulary();

  /** Most positions of a sequence. */
  int contextTokens();

  /**
   * Computes the KV of every span's tokens into its blocks, and the logits where asked.
   *
   * @param listener hears of each layer as soon as its KV is final; the engine touches those bytes
   *     no more
   * @throws IllegalArgumentException if a span does not fit its blocks, the context or the
   *     vocabulary
   */
  void run(List<Span> batch, LayerListener listener);

  /** Runs a batch of which only the end matters. */
  default void run(List<Span> batch) {
    run(batch, LayerListener.NONE);
  }

  @Override
  void close();
}
