package dev.baton.engine;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import java.time.Duration;
import java.util.List;

/**
 * Runs an engine on made-up tokens before it serves, so that the first request does not wait for
 * the JVM to compile the kernels.
 */
public final class WarmUp {
  private static final int PROMPT = 32;
  private static final int STEPS = 8;

  private WarmUp() {}

  /**
   * Computes short prompts and single tokens until the time is up, at least one round of both.
   * Blocking; the engine must not be in use.
   */
  public static void run(Engine engine, Duration time) {
    long end = System.nanoTime() + time.toNanos();
    int prompt = Math.max(1, Math.min(PROMPT, engine.contextTokens() - STEPS));
    int steps = Math.min(STEPS, engine.contextTokens() - prompt);
    int blocks = engine.layout().blocksFor(prompt + steps);
    float[] logits = new float[engine.vocabulary()];
    try (BlockPool pool = new BlockPool(engine.layout(), blocks)) {
      List<Block> table = pool.tryReserve(blocks);
      if (table == null) {
        throw new IllegalStateException("an empty pool has no room for " + blocks + " blocks");
      }
      do {
        engine.run(List.of(new Span(new int[prompt], 0, table, logits)));
        for (int step = 0; step < steps; step++) {
          engine.run(List.of(new Span(new int[1], prompt + step, table, logits)));
        }
      } while (System.nanoTime() < end);
      pool.release(table);
    }
  }
}
