package dev.baton.router.placement;

import dev.baton.kv.BlockKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Remembers which workers read, or took in, which blocks lately.
 *
 * <p>An approximation, honest about it: a worker may have given a remembered block up since, or
 * have blocks that another router's requests left there. A wrong memory costs time and never a
 * wrong token, because the worker looks each key up in its own cache. A restarted worker has
 * another epoch, so nothing is believed of it.
 *
 * <p>Bounded: the keys used longest ago are forgotten first, and of the workers of one key only the
 * latest {@value #WORKERS_PER_KEY} are kept. Safe for use by many threads.
 */
public final class PrefixAffinity {
  private static final int WORKERS_PER_KEY = 8;

  private final int capacity;
  private final LinkedHashMap<BlockKey, List<WorkerRef>> holders =
      new LinkedHashMap<>(16, 0.75f, true);

  /** Remembers at most {@code capacity} keys. */
  public PrefixAffinity(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: " + capacity + ", expected at least 1");
    }
    this.capacity = capacity;
  }

  /** A worker has the full blocks with these keys, which are in the order of the prompt. */
  public synchronized void learn(List<BlockKey> keys, WorkerRef worker) {
    // Used from the last to the first, here and below: a chain is worth nothing without its head,
    // so the head must be forgotten last.
    for (BlockKey key : keys.reversed()) {
      List<WorkerRef> latest = new ArrayList<>(WORKERS_PER_KEY);
      latest.add(worker);
      for (WorkerRef each : holders.getOrDefault(key, List.of())) {
        boolean replaced = each.id().equals(worker.id());
        if (!replaced && latest.size() < WORKERS_PER_KEY) {
          latest.add(each);
        }
      }
      holders.put(key, latest);
    }
    while (holders.size() > capacity) {
      holders.pollFirstEntry();
    }
  }

  /** How many blocks from the first key on each worker is believed to have, without a gap. */
  public synchronized Map<WorkerRef, Integer> leadingBlocks(List<BlockKey> keys) {
    Map<WorkerRef, Integer> blocks = new HashMap<>();
    Set<WorkerRef> unbroken = new HashSet<>();
    int known = 0;
    for (BlockKey key : keys) {
      List<WorkerRef> here = holders.getOrDefault(key, List.of());
      if (known == 0) {
        unbroken.addAll(here);
      } else {
        unbroken.retainAll(here);
      }
      if (unbroken.isEmpty()) {
        break;
      }
      known++;
      for (WorkerRef each : unbroken) {
        blocks.put(each, known);
      }
    }
    keys.subList(0, known).reversed().forEach(holders::get);
    return blocks;
  }

  /** Keys remembered now. */
  public synchronized int size() {
    return holders.size();
  }
}
