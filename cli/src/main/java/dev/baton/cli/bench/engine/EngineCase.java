package dev.baton.cli.bench.engine;

import dev.baton.cluster.phase.ModelSpec;

/** What the engine is asked to do again and again, and what that takes at least. */
sealed interface EngineCase {
  /** Its name in reports. */
  String name();

  /** Tokens that each pass computes. */
  int tokens();

  /** Tokens of KV that have to be held. */
  int heldTokens();

  /**
   * A prompt that is read at once, attention included; logits of its last token.
   *
   * @param tokens of the prompt
   */
  record Prefill(int tokens) implements EngineCase {
    @Override
    public String name() {
      return "prefill_" + tokens;
    }

    @Override
    public int heldTokens() {
      return tokens;
    }

    /** Floating-point operations; each position attends to all up to itself. */
    double flops(ModelSpec model) {
      double positions = tokens * (tokens + 1.0) / 2;
      return 2 * (tokens * model.layerWeights() + model.outputWeights())
          + model.attentionFlops(positions);
    }
  }

  /**
   * One step of a batch, each sequence with KV of its own.
   *
   * @param batch sequences
   * @param context positions of each, that of the new token included
   */
  record Decode(int batch, int context) implements EngineCase {
    @Override
    public String name() {
      return "decode_" + batch + "_context_" + context;
    }

    @Override
    public int tokens() {
      return batch;
    }

    @Override
    public int heldTokens() {
      return batch * context;
    }

    /** Bytes that have to be read: all weights but the embedding once, and all KV. */
    double bytes(ModelSpec model) {
      return model.stepWeightBytes() + (double) heldTokens() * model.kvBytesPerToken();
    }
  }
}
