package dev.baton.system;

import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.sampling.Sampling;
import java.util.ArrayList;
import java.util.List;

/**
 * What the cluster is compared with: the whole prompt in one span, then one token at a time, in one
 * thread, with no worker, handoff, cache or batch in between.
 */
final class SingleProcessRun {
  private final Engine engine;

  SingleProcessRun(Engine engine) {
    this.engine = engine;
  }

  /** The first {@code count} tokens after {@code prompt}, stop tokens ignored. */
  List<Integer> tokens(int[] prompt, Sampling sampling, int choice, int count) {
    int blocks = engine.layout().blocksFor(prompt.length + count);
    try (BlockPool pool = new BlockPool(engine.layout(), blocks)) {
      List<Block> table = pool.tryReserve(blocks);
      float[] logits = new float[engine.vocabulary()];
      TokenHistory history = new TokenHistory(prompt);
      List<Integer> tokens = new ArrayList<>();
      int[] next = prompt;
      int position = 0;
      while (tokens.size() < count) {
        engine.run(List.of(new Span(next, position, table, logits)));
        position += next.length;
        int token = Sampler.sample(logits, sampling, history, position, choice, -1).id();
        history.append(token);
        tokens.add(token);
        next = new int[] {token};
      }
      pool.release(table);
      return tokens;
    }
  }
}
