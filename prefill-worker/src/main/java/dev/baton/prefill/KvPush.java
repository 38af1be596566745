package dev.baton.prefill;

import dev.baton.kv.Block;
import dev.baton.proto.v1.SampledToken;
import java.util.List;

/** The way of a prompt's KV to the decode worker. */
@FunctionalInterface
interface KvPush {
  /**
   * Blocks until the receiver has verified everything. Ends early when the request is cancelled,
   * its deadline passes or the thread is interrupted. The blocks are borrowed until it returns.
   *
   * @throws dev.baton.cluster.error.BatonException if the handoff failed
   */
  void push(PrefillTask task, List<Block> blocks, List<SampledToken> firstTokens);
}
