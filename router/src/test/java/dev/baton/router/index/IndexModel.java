package dev.baton.router.index;

import dev.baton.kv.BlockKey;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a {@link PrefixIndex} that forgets nothing would say: sets in maps. */
final class IndexModel {
  private record Holding(IndexedWorker worker, Tier tier) {}

  private final Map<BlockKey, Set<Holding>> holdings = new HashMap<>();

  void stored(IndexedWorker worker, List<BlockKey> keys, Tier tier) {
    if (worker.isLive()) {
      keys.forEach(key ->
          holdings.computeIfAbsent(key, _ -> new HashSet<>()).add(new Holding(worker, tier)));
    }
  }

  void removed(IndexedWorker worker, List<BlockKey> keys, Tier tier) {
    keys.forEach(
        key -> holdings.getOrDefault(key, new HashSet<>()).remove(new Holding(worker, tier)));
  }

  void removed(IndexedWorker worker) {
    holdings.values().forEach(each -> each.removeIf(holding -> holding.worker() == worker));
  }

  /** Leading blocks in one of these tiers. */
  int blocks(IndexedWorker worker, List<BlockKey> keys, List<Tier> tiers) {
    int blocks = 0;
    for (BlockKey key : keys) {
      Set<Holding> here = holdings.getOrDefault(key, Set.of());
      if (tiers.stream().noneMatch(tier -> here.contains(new Holding(worker, tier)))) {
        return blocks;
      }
      blocks++;
    }
    return blocks;
  }

  long keys() {
    return holdings.values().stream().filter(each -> !each.isEmpty()).count();
  }

  long entries() {
    return holdings.values().stream()
        .mapToLong(each -> each.stream().map(Holding::worker).distinct().count())
        .sum();
  }
}
