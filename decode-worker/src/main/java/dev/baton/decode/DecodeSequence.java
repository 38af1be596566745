package dev.baton.decode;

import dev.baton.engine.Span;
import dev.baton.engine.sampling.Sampler;
import dev.baton.engine.sampling.TokenHistory;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.model.sampling.SampledToken;
import dev.baton.proto.v1.FinishReason;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One choice of a call: its tokens, its block table and the blocks of its own. Used by one thread
 * at a time: first by the one that took the KV in, then by the loop's.
 */
final class DecodeSequence {
  private final DecodeCall call;
  private final DecodeTask task;
  private final int choice;
  private final List<Block> table;
  private final List<Block> own;
  private final TokenHistory history;

  /** Prompt and answer; the first {@link #length} are set. */
  private int[] tokens;

  private int length;

  private boolean released;

  /**
   * A sequence whose prompt's KV is in place.
   *
   * @param shared the prompt's full blocks, which the call holds
   * @param own blocks of this choice, which it holds from now on; the first holds the rest of the
   *     prompt, if there is one
   */
  DecodeSequence(
      DecodeCall call, DecodeTask task, int choice, List<Block> shared, List<Block> own) {
    this.call = call;
    this.task = task;
    this.choice = choice;
    this.own = own;
    List<Block> blocks = new ArrayList<>(shared);
    blocks.addAll(own);
    this.table = List.copyOf(blocks);
    this.history = task.choices().history(task.prompt());
    this.length = task.prompt().length;
    this.tokens = Arrays.copyOf(task.prompt(), length + Math.min(task.maxTokens(), 64));
  }

  DecodeCall call() {
    return call;
  }

  int choice() {
    return choice;
  }

  /** Tokens of the answer that may still come, at most. */
  int tokensLeft() {
    return task.maxTokens() - (length - task.prompt().length);
  }

  /** Computes the last token, which has no KV yet; logits are those of the next one. */
  Span nextSpan(float[] logits) {
    return new Span(new int[] {tokens[length - 1]}, length - 1, table, logits);
  }

  /** Chooses the next token from the logits of {@link #nextSpan}. */
  SampledToken sample(float[] logits) {
    return Sampler.sample(logits, task.sampling(), history, length, choice, task.topLogprobs());
  }

  /**
   * Appends a token to the answer.
   *
   * @return why the answer ends with it; null if it goes on
   */
  @Nullable FinishReason append(int token) {
    if (length == tokens.length) {
      tokens = Arrays.copyOf(tokens, 2 * length);
    }
    tokens[length++] = token;
    history.append(token);
    if (task.stopTokens().contains(token)) {
      return FinishReason.FINISH_REASON_STOP;
    }
    return length - task.prompt().length == task.maxTokens()
        ? FinishReason.FINISH_REASON_LENGTH
        : null;
  }

  /**
   * Publishes its own blocks that are full of computed KV: all tokens but the last were computed.
   */
  void publish(BlockPool pool) {
    int computed = length - 1;
    int shared = table.size() - own.size();
    int full = computed / pool.layout().blockTokens();
    if (full > shared) {
      List<BlockKey> keys = task.chain().keys(Arrays.copyOf(tokens, computed));
      for (int i = shared; i < full; i++) {
        pool.publish(table.get(i), keys.get(i));
      }
    }
  }

  /** Gives its own blocks back, once. */
  void release(BlockPool pool) {
    if (!released) {
      released = true;
      pool.release(own);
    }
  }
}
