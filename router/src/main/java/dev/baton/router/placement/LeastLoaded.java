package dev.baton.router.placement;

import dev.baton.kv.Layout;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.ClusterView.Worker;
import dev.baton.router.placement.PlacementDecision.Candidate;
import dev.baton.router.placement.PlacementDecision.Obstacle;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.PrefixSource;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementDecision.Role;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Sends a request where the least work is ahead of it, counting what a cached prefix saves.
 *
 * <p>Prefill cost is in tokens: pending + own in flight + still to compute given the cached prefix.
 * Decode cost is in requests: running + waiting + own in flight; a worker whose free blocks do not
 * suffice comes after every one whose blocks do. A worker with an old load comes after every fresh
 * one, but it serves when there is no other. Equal costs go to the smaller id.
 *
 * <p>Where another worker is believed to have more of the prefix than the chosen one, it is named
 * as a source.
 *
 * <p>The two costs do not depend on each other, so the best pair of a lineage and layout is the
 * best of each role.
 */
public final class LeastLoaded implements Placement {
  private static final Comparator<Eligible> CHEAPEST =
      Comparator.comparing(Eligible::terms, LeastLoaded::compare)
          .thenComparing(each -> each.worker().id())
          .thenComparingLong(each -> each.worker().epoch());

  @Override
  public PlacementDecision place(PlacementRequest request, ClusterView view) {
    List<Candidate> candidates = new ArrayList<>();
    List<Eligible> prefill = new ArrayList<>();
    for (PrefillWorker each : sorted(view.prefill())) {
      Optional<String> obstacle = obstacle(request, each);
      List<Term> terms = obstacle.isEmpty() ? terms(request, each) : List.of();
      candidates.add(new Candidate(each.ref(), Role.PREFILL, terms, obstacle));
      offer(request, each)
          .filter(_ -> obstacle.isEmpty())
          .ifPresent(offer -> prefill.add(new Eligible(each.ref(), offer, terms)));
    }
    List<Eligible> decode = new ArrayList<>();
    boolean tooSmall = false;
    for (DecodeWorker each : sorted(view.decode())) {
      Optional<String> obstacle = obstacle(request, each);
      if (obstacle.isEmpty()) {
        obstacle = poolTooSmall(request, each);
        tooSmall |= obstacle.isPresent();
      }
      boolean eligible = obstacle.isEmpty();
      List<Term> terms = eligible ? terms(request, each) : List.of();
      candidates.add(new Candidate(each.ref(), Role.DECODE, terms, obstacle));
      offer(request, each)
          .filter(_ -> eligible)
          .ifPresent(offer -> decode.add(new Eligible(each.ref(), offer, terms)));
    }
    if (prefill.isEmpty()) {
      return new Refused(Obstacle.NO_PREFILL_WORKER, candidates);
    }
    if (decode.isEmpty()) {
      Obstacle why = tooSmall ? Obstacle.NO_POOL_LARGE_ENOUGH : Obstacle.NO_DECODE_WORKER;
      return new Refused(why, candidates);
    }
    Optional<Pair> best = bestPair(prefill, decode);
    if (best.isEmpty()) {
      return new Refused(Obstacle.NO_EQUAL_PAIR, candidates);
    }
    Eligible reader = best.get().prefill();
    Eligible writer = best.get().decode();
    return new Placed(
        reader.worker(),
        writer.worker(),
        reader.offer().lineage(),
        reader.offer().layout(),
        request.tokensToCompute(reader.worker()),
        Math.toIntExact(request.blocks(writer.offer().layout())),
        source(request, view, reader),
        candidates);
  }

  /**
   * Of the other workers whose blocks the reader can use, the one that is believed to have most of
   * the prefix, if that is more than the reader has; of two, the prefill worker, because a decode
   * worker has answers to write. A draining worker still gives; one that was not heard of lately is
   * not asked.
   */
  private static Optional<PrefixSource> source(
      PlacementRequest request, ClusterView view, Eligible reader) {
    Layout layout = reader.offer().layout();
    int here = request.cachedBlocks(reader.worker(), layout);
    List<WorkerRef> known = new ArrayList<>();
    List<Worker> all = new ArrayList<>(sorted(view.prefill()));
    all.addAll(sorted(view.decode()));
    for (Worker each : all) {
      if (each.fresh() && offer(request, each).filter(reader.offer()::pairsWith).isPresent()) {
        known.add(each.ref());
      }
    }
    int most = known.stream().mapToInt(each -> request.cachedBlocks(each, layout)).max().orElse(0);
    return known.stream()
        .filter(each -> most > here && request.cachedBlocks(each, layout) == most)
        .findFirst()
        .map(each ->
            new PrefixSource(
                each,
                most,
                "holds %d leading blocks, %s holds %d"
                    .formatted(most, reader.worker().id(), here)));
  }

  private static Optional<Pair> bestPair(List<Eligible> prefill, List<Eligible> decode) {
    return prefill.stream()
        .map(Eligible::offer)
        .distinct()
        .flatMap(offer -> {
          Optional<Eligible> reader = cheapest(prefill, offer);
          Optional<Eligible> writer = cheapest(decode, offer);
          return reader.isPresent() && writer.isPresent()
              ? Stream.of(new Pair(reader.get(), writer.get()))
              : Stream.empty();
        })
        .min(Comparator.comparing(Pair::decode, CHEAPEST).thenComparing(Pair::prefill, CHEAPEST));
  }

  private static Optional<Eligible> cheapest(List<Eligible> workers, Offer like) {
    return workers.stream().filter(each -> each.offer().pairsWith(like)).min(CHEAPEST);
  }

  private static Optional<String> obstacle(PlacementRequest request, Worker worker) {
    if (worker.draining()) {
      return Optional.of("drains");
    }
    Optional<Offer> offer = offer(request, worker);
    if (offer.isEmpty()) {
      return Optional.of("does not serve " + request.model());
    }
    long needed = (long) request.promptTokens() + request.maxTokens();
    if (needed > offer.get().contextTokens()) {
      return Optional.of(
          "context of %d tokens, needed are %d".formatted(offer.get().contextTokens(), needed));
    }
    return Optional.empty();
  }

  private static Optional<String> poolTooSmall(PlacementRequest request, DecodeWorker worker) {
    long needed = offer(request, worker).map(o -> request.blocks(o.layout())).orElse(0L);
    return needed > worker.blocksTotal()
        ? Optional.of("pool of %d blocks, needed are %d".formatted(worker.blocksTotal(), needed))
        : Optional.empty();
  }

  private static List<Term> terms(PlacementRequest request, PrefillWorker worker) {
    long compute = request.tokensToCompute(worker.ref());
    return List.of(
        stale(worker),
        new Term("tokens", worker.pendingTokens() + worker.ownTokens() + compute),
        new Term("pending_tokens", worker.pendingTokens()),
        new Term("own_tokens", worker.ownTokens()),
        new Term("tokens_to_compute", compute));
  }

  private static List<Term> terms(PlacementRequest request, DecodeWorker worker) {
    long needed = offer(request, worker).map(o -> request.blocks(o.layout())).orElse(0L);
    long left = (long) worker.blocksAvailable() - worker.ownBlocks() - needed;
    return List.of(
        stale(worker),
        new Term("blocks_short", Math.max(0, -left)),
        new Term("requests", (long) worker.requests() + worker.ownRequests()),
        new Term("worker_requests", worker.requests()),
        new Term("own_requests", worker.ownRequests()),
        new Term("blocks_used_after", worker.blocksTotal() - left));
  }

  private static Term stale(Worker worker) {
    return new Term("stale", worker.fresh() ? 0 : 1);
  }

  private static Optional<Offer> offer(PlacementRequest request, Worker worker) {
    return worker.offers().stream()
        .filter(offer -> offer.model().equals(request.model()))
        .findFirst();
  }

  private static <W extends Worker> List<W> sorted(List<W> workers) {
    Comparator<W> byId = Comparator.comparing(worker -> worker.ref().id());
    return workers.stream().sorted(byId.thenComparingLong(worker -> worker.ref().epoch())).toList();
  }

  /** Lists of one role have the same names in the same places: the first difference decides. */
  private static int compare(List<Term> one, List<Term> other) {
    for (int i = 0; i < one.size(); i++) {
      int order = Long.compare(one.get(i).value(), other.get(i).value());
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private record Eligible(WorkerRef worker, Offer offer, List<Term> terms) {}

  private record Pair(Eligible prefill, Eligible decode) {}
}
