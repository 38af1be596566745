package dev.baton.decode;

import dev.baton.engine.sampling.Choices;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A decode request whose every field was checked: what to write and where its prompt comes from.
 *
 * @param requestId for logs
 * @param prompt its tokens; not to be modified
 * @param chain makes the keys of prompt and answers
 * @param promptKeys of all blocks of the prompt, the last perhaps partly filled
 * @param sampling how tokens are chosen
 * @param choices which answers, and what of them is written already
 * @param stopTokens tokens that end an answer
 * @param maxTokens most tokens of one answer, cut to what the context leaves
 * @param topLogprobs alternatives to report; -1 for no log-probabilities
 * @param ticket under which the prompt's KV will come; empty if this worker computes it itself
 * @param plan the blocks that all this needs
 */
record DecodeTask(
    String requestId,
    int[] prompt,
    KeyChain chain,
    List<BlockKey> promptKeys,
    Sampling sampling,
    Choices choices,
    Set<Integer> stopTokens,
    int maxTokens,
    int topLogprobs,
    Optional<Ticket> ticket,
    BlockPlan plan) {

  /**
   * Keys of the prompt's blocks that may be in the cache: its full blocks, which requests share.
   * Who computes the prompt itself computes at least its last token.
   */
  List<BlockKey> cacheableKeys() {
    boolean lastIsComputed = ticket.isEmpty() && !plan.hasTail();
    return promptKeys.subList(0, lastIsComputed ? plan.shared() - 1 : plan.shared());
  }
}
