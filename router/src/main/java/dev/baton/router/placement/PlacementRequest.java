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
 * @param ordinal number of the request among all that this router placed, from 0: policies that
 *     take turns or draw go by it
 * @param cachedTokens tokens of the prompt whose KV a worker is believed to have by the time that
 *     it comes to this request; workers without any are not in it
 * @param heldTokens tokens of the prompt whose KV a worker says that it has in memory now: only
 *     these can be fetched from it; workers without any are not in it
 * @param among who may be chosen
 */
public record PlacementRequest(
    String model,
    int promptTokens,
    int maxTokens,
    int choices,
    long ordinal,
    Map<WorkerRef, Integer> cachedTokens,
    Map<WorkerRef, Integer> heldTokens,
    Among among) {
  /** Copies the maps. */
  public PlacementRequest {
    cachedTokens = Map.copyOf(cachedTokens);
    heldTokens = Map.copyOf(heldTokens);
  }

  /** A request that anybody may serve. */
  public PlacementRequest(
      String model,
      int promptTokens,
      int maxTokens,
      int choices,
      long ordinal,
      Map<WorkerRef, Integer> cachedTokens,
      Map<WorkerRef, Integer> heldTokens) {
    this(model, promptTokens, maxTokens, choices, ordinal, cachedTokens, heldTokens, Among.ANYBODY);
  }

  /** The first request of a router, for which workers have what they are believed to have. */
  public PlacementRequest(
      String model,
      int promptTokens,
      int maxTokens,
      int choices,
      Map<WorkerRef, Integer> cachedTokens) {
    this(model, promptTokens, maxTokens, choices, 0, cachedTokens, cachedTokens);
  }

  /** Tokens that a worker would compute: at least one is always computed. */
  public int tokensToCompute(WorkerRef worker) {
    return Math.max(1, promptTokens - cachedTokens.getOrDefault(worker, 0));
  }

  /** Leading blocks of the prompt that a worker is believed to have. */
  int cachedBlocks(WorkerRef worker, Layout layout) {
    return cachedTokens.getOrDefault(worker, 0) / layout.blockTokens();
  }

  /** Leading blocks of the prompt that can be fetched from a worker. */
  int heldBlocks(WorkerRef worker, Layout layout) {
    return heldTokens.getOrDefault(worker, 0) / layout.blockTokens();
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
