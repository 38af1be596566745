package dev.baton.decode;

import dev.baton.engine.Engine;
import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.v1.SampledToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** One engine, one sequence, one step after the other: what every answer has to equal. */
final class PlainRun {
  private PlainRun() {}

  /** The tokens of one choice. The engine is used under its own lock. */
  static List<SampledToken> answer(
      Engine engine,
      int[] prompt,
      Sampling sampling,
      int choice,
      int maxTokens,
      Set<Integer> stopTokens,
      int topLogprobs) {
    synchronized (engine) {
      int blocks = engine.layout().blocksFor(prompt.length + maxTokens);
      try (BlockPool pool = new BlockPool(engine.layout(), blocks)) {
        List<Block> table = pool.tryReserve(blocks);
        float[] logits = new float[engine.vocabulary()];
        TokenHistory history = new TokenHistory(prompt);
        List<SampledToken> answer = new ArrayList<>();
        int[] next = prompt;
        int position = 0;
        while (true) {
          engine.run(List.of(new Span(next, position, table, logits)));
          position += next.length;
          SampledToken token =
              Sampler.sample(logits, sampling, history, position, choice, topLogprobs).toProto();
          history.append(token.getId());
          answer.add(token);
          if (answer.size() == maxTokens || stopTokens.contains(token.getId())) {
            pool.release(table);
            return answer;
          }
          next = new int[] {token.getId()};
        }
      }
    }
  }
}
