package dev.baton.prefill;

import dev.baton.engine.sampling.Choices;
import dev.baton.kv.BlockKey;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import java.util.List;
import java.util.Optional;

/**
 * A prefill request whose every field was checked: what to compute and where it goes.
 *
 * @param requestId for logs
 * @param tokens the prompt; not to be modified
 * @param keys of all its blocks, the last perhaps partly filled
 * @param sampling how to choose the first token
 * @param choices which answers, and what of them is written already
 * @param topLogprobs alternatives to report; -1 for no log-probabilities
 * @param ticket the right to write at the target
 * @param target host:port that takes the blocks in
 * @param source who may hold more of the prompt's prefix than this worker
 */
record PrefillTask(
    String requestId,
    int[] tokens,
    List<BlockKey> keys,
    Sampling sampling,
    Choices choices,
    int topLogprobs,
    Ticket ticket,
    String target,
    Optional<PrefixSource> source) {

  /**
   * Keys of the blocks that may come from the cache: full ones, short of the block with the last
   * token, because that one's logits have to be computed.
   */
  List<BlockKey> cacheableKeys(int blockTokens) {
    return keys.subList(0, (tokens.length - 1) / blockTokens);
  }
}
