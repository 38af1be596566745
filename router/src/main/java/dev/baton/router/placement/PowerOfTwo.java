package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementDecision.Term;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Of two workers drawn at random the one with less work (Mitzenmacher 2001): nearly as even as
 * looking at all of them, and routers that see the same old load do not all run to the same worker.
 * The draw follows from the policy's seed and the request's number.
 */
public final class PowerOfTwo extends Rolewise {
  private static final int PREFILL = 1;
  private static final int DECODE = 2;

  private final LeastLoaded load = new LeastLoaded();
  private final long seed;

  /** Routers with different seeds draw differently. */
  public PowerOfTwo(long seed) {
    this.seed = seed;
  }

  @Override
  List<Term> terms(PlacementRequest request, PrefillWorker worker, Place place) {
    return drawnFirst(request, place, PREFILL, load.terms(request, worker, place));
  }

  @Override
  List<Term> terms(PlacementRequest request, DecodeWorker worker, long blocks, Place place) {
    return drawnFirst(request, place, DECODE, load.terms(request, worker, blocks, place));
  }

  private List<Term> drawnFirst(
      PlacementRequest request, Place place, int role, List<Term> loadTerms) {
    SplittableRandom random = new SplittableRandom(seed + 31 * (request.ordinal() * 3 + role));
    int one = random.nextInt(place.count());
    int other = place.count() == 1 ? one : random.nextInt(place.count() - 1);
    if (other >= one && place.count() > 1) {
      other++;
    }
    List<Term> terms = new ArrayList<>();
    terms.add(new Term("not_drawn", place.index() == one || place.index() == other ? 0 : 1));
    terms.addAll(loadTerms);
    return List.copyOf(terms);
  }
}
