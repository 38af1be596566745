package dev.baton.engine.digest;

import dev.baton.engine.EngineException;
import dev.baton.engine.EngineException.Code;
import java.util.List;
import java.util.SortedMap;

/**
 * What a sequence came to.
 *
 * @param sequence its number
 * @param logits SHA-256 of the logits of a position, by position
 * @param kv SHA-256 of each block
 */
record Outcome(int sequence, SortedMap<Integer, String> logits, List<String> kv) {
  /**
   * Requires that both are the same wherever both say something.
   *
   * @throws EngineException naming the first place where they differ
   */
  void requireEqual(Outcome other) {
    for (int block = 0; block < kv.size(); block++) {
      if (!kv.get(block).equals(other.kv.get(block))) {
        throw differs("KV of block " + block);
      }
    }
    logits.forEach((position, digest) -> {
      if (!digest.equals(other.logits.getOrDefault(position, digest))) {
        throw differs("logits at position " + position);
      }
    });
  }

  private EngineException differs(String what) {
    return new EngineException(
        Code.NOT_REPRODUCIBLE,
        "sequence "
            + sequence
            + ": "
            + what
            + " has other bits in mixed batches than alone: this engine is not batch-invariant");
  }
}
