package dev.baton.decode;

import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import java.util.List;
import java.util.Set;

/**
 * A decode request whose every field was checked: what to write and where its prompt comes from.
 *
 * @param requestId for logs
 * @param prompt its tokens; not to be modified
 * @param chain makes the keys of prompt and answers
 * @param promptKeys of all blocks of the prompt, the last perhaps partly filled
 * @param sampling how tokens are chosen
 * @param choices number of answers
 * @param stopTokens tokens that end an answer
 * @param maxTokens most tokens of one answer, cut to what the context leaves
 * @param topLogprobs alternatives to report; -1 for no log-probabilities
 * @param ticket under which the prompt's KV will come
 * @param plan the blocks that all this needs
 */
record DecodeTask(
    String requestId,
    int[] prompt,
    KeyChain chain,
    List<BlockKey> promptKeys,
    Sampling sampling,
    int choices,
    Set<Integer> stopTokens,
    int maxTokens,
    int topLogprobs,
    Ticket ticket,
    BlockPlan plan) {

  /** Keys of the prompt's full blocks, which requests share. */
  List<BlockKey> sharedKeys() {
    return promptKeys.subList(0, plan.shared());
  }
}
