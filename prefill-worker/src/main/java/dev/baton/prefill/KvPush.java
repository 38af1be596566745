package dev.baton.prefill;

import dev.baton.kv.Block;
import dev.baton.kv.handoff.PushTimes;
import dev.baton.proto.v1.SampledToken;
import java.util.List;

/** The way of prompts' KV to the decode worker. */
@FunctionalInterface
interface KvPush {
  /** A push of this prompt's blocks, not begun. Does not block. */
  Flow prepare(PrefillTask task, List<Block> blocks);

  /** The push of one prompt: one thread says what is final, another sends it. */
  interface Flow {
    /**
     * K and V of a layer are final for the prompt's first {@code tokens} tokens: nobody writes them
     * any more. Does not block.
     */
    void ready(int layer, int tokens);

    /** Everything is final, and these are the first tokens. Does not block. */
    void computed(List<SampledToken> firstTokens);

    /**
     * Sends; blocks until the receiver has verified everything. Called at most once. Ends early
     * when the request is cancelled, its deadline passes or the thread is interrupted. The blocks
     * are borrowed until it returns; what is not yet said to be final is not read.
     *
     * @throws dev.baton.cluster.error.BatonException if the handoff failed
     */
    PushTimes run();
  }
}
