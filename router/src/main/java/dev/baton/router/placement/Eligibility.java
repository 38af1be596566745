package dev.baton.router.placement;

import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.ClusterView.Worker;
import dev.baton.router.placement.PlacementDecision.Candidate;
import dev.baton.router.placement.PlacementDecision.Obstacle;
import dev.baton.router.placement.PlacementDecision.Role;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Who can serve a request at all, and why the others cannot. What every policy chooses from.
 *
 * @param readers prefill workers that can, by id
 * @param writers decode workers that can, by id
 * @param rejected everybody else, with the reason
 * @param poolTooSmall whether a decode worker was rejected for the size of its pool alone
 */
record Eligibility(
    List<Reader> readers, List<Writer> writers, List<Candidate> rejected, boolean poolTooSmall) {

  /** A prefill worker, and under which offer it would serve the request. */
  record Reader(PrefillWorker worker, Offer offer) {}

  /**
   * A decode worker, under which offer it would serve the request, and the blocks it would take.
   */
  record Writer(DecodeWorker worker, Offer offer, long blocks) {}

  /** Looks at every worker of the view. */
  static Eligibility of(PlacementRequest request, ClusterView view) {
    List<Candidate> rejected = new ArrayList<>();
    List<Reader> readers = new ArrayList<>();
    for (PrefillWorker each : sorted(view.prefill())) {
      Optional<Offer> offer = offer(request, each);
      Optional<String> obstacle = obstacle(request, each, Role.PREFILL, offer);
      if (obstacle.isPresent() || offer.isEmpty()) {
        rejected.add(new Candidate(each.ref(), Role.PREFILL, List.of(), obstacle));
      } else {
        readers.add(new Reader(each, offer.get()));
      }
    }
    List<Writer> writers = new ArrayList<>();
    boolean tooSmall = false;
    for (DecodeWorker each : sorted(view.decode())) {
      Optional<Offer> offer = offer(request, each);
      Optional<String> obstacle = obstacle(request, each, Role.DECODE, offer);
      long blocks = offer.map(o -> request.blocks(o.layout())).orElse(0L);
      if (obstacle.isEmpty() && blocks > each.blocksTotal()) {
        tooSmall = true;
        obstacle =
            Optional.of("pool of %d blocks, needed are %d".formatted(each.blocksTotal(), blocks));
      }
      if (obstacle.isPresent() || offer.isEmpty()) {
        rejected.add(new Candidate(each.ref(), Role.DECODE, List.of(), obstacle));
      } else {
        writers.add(new Writer(each, offer.get(), blocks));
      }
    }
    return new Eligibility(readers, writers, rejected, tooSmall);
  }

  /** Why there is no pair, if one of the two roles has nobody. */
  Optional<Obstacle> obstacle() {
    if (readers.isEmpty()) {
      return Optional.of(Obstacle.NO_PREFILL_WORKER);
    }
    return writers.isEmpty() ? Optional.of(noWriter()) : Optional.empty();
  }

  /** Why there is no decode worker. */
  Obstacle noWriter() {
    return poolTooSmall ? Obstacle.NO_POOL_LARGE_ENOUGH : Obstacle.NO_DECODE_WORKER;
  }

  private static Optional<String> obstacle(
      PlacementRequest request, Worker worker, Role role, Optional<Offer> offer) {
    Optional<String> objection = request.among().objection(worker.ref(), role);
    if (objection.isPresent()) {
      return objection;
    }
    if (worker.draining()) {
      return Optional.of("drains");
    }
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

  /** How a worker serves the model of the request, if it does. */
  static Optional<Offer> offer(PlacementRequest request, Worker worker) {
    return worker.offers().stream()
        .filter(offer -> offer.model().equals(request.model()))
        .filter(request.among()::admits)
        .findFirst();
  }

  /** By id, so that nothing depends on who came first. */
  static <W extends Worker> List<W> sorted(List<W> workers) {
    Comparator<W> byId = Comparator.comparing(worker -> worker.ref().id());
    return workers.stream().sorted(byId.thenComparingLong(worker -> worker.ref().epoch())).toList();
  }
}
