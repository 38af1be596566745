package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.Eligibility.Reader;
import dev.baton.router.placement.Eligibility.Writer;
import dev.baton.router.placement.PlacementDecision.Candidate;
import dev.baton.router.placement.PlacementDecision.Obstacle;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementDecision.Role;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A policy that ranks the workers of each role by themselves. The cost of a worker is a list of
 * terms, the most weighty first; the first difference decides, and equal costs go to the smaller
 * id. As the two costs do not depend on each other, the best pair of a lineage and layout is the
 * best of each role.
 *
 * <p>Where another worker is believed to have more of the prefix than the chosen one, it is named
 * as a source.
 */
abstract class Rolewise implements Placement {
  private static final Comparator<Ranked> CHEAPEST =
      Comparator.comparing(Ranked::terms, Rolewise::compare)
          .thenComparing(each -> each.worker().id())
          .thenComparingLong(each -> each.worker().epoch());

  /** The place of a worker among those of its role that can serve the request, by id. */
  record Place(int index, int count) {}

  /** The cost of a prefill worker; the same names in the same places for all of them. */
  abstract List<Term> terms(PlacementRequest request, PrefillWorker worker, Place place);

  /** The cost of a decode worker that would take so many blocks. */
  abstract List<Term> terms(
      PlacementRequest request, DecodeWorker worker, long blocks, Place place);

  @Override
  public final PlacementDecision place(PlacementRequest request, ClusterView view) {
    Eligibility eligible = Eligibility.of(request, view);
    List<Candidate> candidates = new ArrayList<>(eligible.rejected());
    List<Ranked> prefill = new ArrayList<>();
    for (Reader each : eligible.readers()) {
      Place place = new Place(prefill.size(), eligible.readers().size());
      List<Term> terms = terms(request, each.worker(), place);
      prefill.add(new Ranked(each.worker().ref(), each.offer(), terms));
      candidates.add(new Candidate(each.worker().ref(), Role.PREFILL, terms, Optional.empty()));
    }
    List<Ranked> decode = new ArrayList<>();
    for (Writer each : eligible.writers()) {
      Place place = new Place(decode.size(), eligible.writers().size());
      List<Term> terms = terms(request, each.worker(), each.blocks(), place);
      decode.add(new Ranked(each.worker().ref(), each.offer(), terms));
      candidates.add(new Candidate(each.worker().ref(), Role.DECODE, terms, Optional.empty()));
    }
    candidates.sort(Candidate.ORDER);
    Optional<Obstacle> obstacle = eligible.obstacle();
    if (obstacle.isPresent()) {
      return new Refused(obstacle.get(), candidates);
    }
    Optional<Pair> best = bestPair(prefill, decode);
    if (best.isEmpty()) {
      return new Refused(Obstacle.NO_EQUAL_PAIR, candidates);
    }
    return placed(request, view, eligible, best.get(), candidates);
  }

  private static Placed placed(
      PlacementRequest request,
      ClusterView view,
      Eligibility eligible,
      Pair best,
      List<Candidate> candidates) {
    Reader reader =
        eligible.readers().stream()
            .filter(each -> each.worker().ref().equals(best.prefill().worker()))
            .findFirst()
            .orElseThrow();
    return new Placed(
        best.prefill().worker(),
        best.decode().worker(),
        best.prefill().offer().lineage(),
        best.prefill().offer().layout(),
        request.tokensToCompute(best.prefill().worker()),
        Math.toIntExact(request.blocks(best.decode().offer().layout())),
        PrefixSources.of(request, view).forReader(request, reader),
        Optional.empty(),
        candidates);
  }

  private static Optional<Pair> bestPair(List<Ranked> prefill, List<Ranked> decode) {
    return prefill.stream()
        .map(Ranked::offer)
        .distinct()
        .flatMap(offer -> {
          Optional<Ranked> reader = cheapest(prefill, offer);
          Optional<Ranked> writer = cheapest(decode, offer);
          return reader.isPresent() && writer.isPresent()
              ? Stream.of(new Pair(reader.get(), writer.get()))
              : Stream.empty();
        })
        .min(Comparator.comparing(Pair::decode, CHEAPEST).thenComparing(Pair::prefill, CHEAPEST));
  }

  private static Optional<Ranked> cheapest(List<Ranked> workers, Offer like) {
    return workers.stream().filter(each -> each.offer().pairsWith(like)).min(CHEAPEST);
  }

  /** An old load degrades its worker, whatever it says. */
  static Term stale(ClusterView.Worker worker) {
    return new Term("stale", worker.fresh() ? 0 : 1);
  }

  private static int compare(List<Term> one, List<Term> other) {
    for (int i = 0; i < one.size(); i++) {
      int order = Long.compare(one.get(i).value(), other.get(i).value());
      if (order != 0) {
        return order;
      }
    }
    return 0;
  }

  private record Ranked(WorkerRef worker, Offer offer, List<Term> terms) {}

  private record Pair(Ranked prefill, Ranked decode) {}
}
