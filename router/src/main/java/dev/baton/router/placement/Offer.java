package dev.baton.router.placement;

import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;

/**
 * A model that a worker serves.
 *
 * @param model name by which clients ask for it
 * @param lineage of its KV
 * @param layout of its blocks
 * @param contextTokens most tokens of prompt and answer together
 */
public record Offer(String model, Lineage lineage, Layout layout, int contextTokens) {
  /** Whether blocks made under one offer can be used under the other. */
  public boolean pairsWith(Offer other) {
    return lineage.equals(other.lineage) && layout.equals(other.layout);
  }
}
