package dev.baton.router.placement;

import dev.baton.kv.Layout;
import java.util.Map;

/**
 * What placement needs to know of a request.
 *
 * @param model name of the model
 * @param promptTokens length of the prompt, at least 1
 * @param maxTokens most tokens of one answer, at least 1
 * @param choices number of answers, at least 1
 * @param cachedTokens tokens of the prompt whose KV a worker is believed to have; workers without
 *     any are not in it
 */
public record PlacementRequest(
    String model,
    int promptTokens,
    int maxTokens,
    int choices,
    Map<WorkerRef, Integer> cachedTokens) {
  /** Copies the map. */
  public PlacementRequest {
    cachedTokens = Map.copyOf(cachedTokens);
  }

  /** Tokens that a worker would compute: at least one is always computed. */
  public int tokensToCompute(WorkerRef worker) {
    return Math.max(1, promptTokens - cachedTokens.getOrDefault(worker, 0));
  }

  /** Leading blocks of the prompt that a worker is believed to have. */
  int cachedBlocks(WorkerRef worker, Layout layout) {
    return cachedTokens.getOrDefault(worker, 0) / layout.blockTokens();
  }

  /**
   * Blocks that a decode worker reserves: full blocks of the prompt are shared between choices, all
   * else is each choice's own.
   */
  public long blocks(Layout layout) {
    int shared = promptTokens / layout.blockTokens();
    long whole = Math.ceilDiv((long) promptTokens + maxTokens, layout.blockTokens());
    return shared + choices * (whole - shared);
  }
}
