package dev.baton.router.admission;

import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.PlacementRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * Predicts by what this router itself saw lately; knows nothing of hardware.
 *
 * <ul>
 *   <li>Queue: cost ahead / rate at which cost left the queue while it was not empty.
 *   <li>TTFT: queue + tokens that the least busy prefill worker has to compute / median rate of
 *       computing + prompt / median rate of prompts, which cached prefixes make higher + median of
 *       the transfer that is visible + one step.
 *   <li>TPOT: the median of the last answers'. It follows the load with the delay of one answer;
 *       the load of the moment, which swings against the one that the request will meet (Mooncake,
 *       FAST 2025, section 7), does not enter.
 * </ul>
 *
 * <p>Says nothing without {@value Median#FEWEST} observations of what it needs within the last half
 * minute: what was seen under an overload must not refuse anybody long after it. Not safe for use
 * by many threads.
 */
final class ObservedRates implements Prediction {
  private static final double NANOS = 1e9;

  private final ServiceRate service = new ServiceRate();
  private final Median computedPerSecond = new Median();
  private final Median promptPerSecond = new Median();
  private final Median visibleTransfer = new Median();
  private final Median tpot = new Median();

  /** A request of this cost left the queue; so many are still in it. */
  void started(double cost, int stillQueued, long now) {
    service.left(cost, stillQueued, now);
  }

  /** A prompt was read, which took so long. */
  void prefilled(
      int promptTokens, int computedTokens, Duration compute, Duration visible, long now) {
    double seconds = compute.toNanos() / NANOS;
    if (seconds > 0) {
      computedPerSecond.add(computedTokens / seconds, now);
      promptPerSecond.add(promptTokens / seconds, now);
      visibleTransfer.add((double) visible.toNanos(), now);
    }
  }

  /** An answer was written with this TPOT. */
  void answered(Duration measured, long now) {
    tpot.add((double) measured.toNanos(), now);
  }

  @Override
  public Optional<Forecast> forecast(
      PlacementRequest request, double costAhead, ClusterView view, long now) {
    OptionalDouble queue = costAhead == 0 ? OptionalDouble.of(0) : service.nanosFor(costAhead, now);
    OptionalDouble computing = computedPerSecond.value(now);
    OptionalDouble reading = promptPerSecond.value(now);
    OptionalDouble transfer = visibleTransfer.value(now);
    OptionalDouble step = tpot.value(now);
    OptionalLong pending = leastPending(request.model(), view);
    if (queue.isEmpty()
        || computing.isEmpty()
        || reading.isEmpty()
        || transfer.isEmpty()
        || step.isEmpty()
        || pending.isEmpty()) {
      return Optional.empty();
    }
    double prefill =
        pending.getAsLong() / computing.getAsDouble() * NANOS
            + request.promptTokens() / reading.getAsDouble() * NANOS;
    double ttft = queue.getAsDouble() + prefill + transfer.getAsDouble() + step.getAsDouble();
    return Optional.of(
        new Forecast((long) queue.getAsDouble(), (long) ttft, (long) step.getAsDouble()));
  }

  private static OptionalLong leastPending(String model, ClusterView view) {
    return view.prefill().stream()
        .filter(worker -> !worker.draining())
        .filter(worker -> worker.offers().stream().anyMatch(each -> each.model().equals(model)))
        .mapToLong(ObservedRates::pending)
        .min();
  }

  private static long pending(PrefillWorker worker) {
    return worker.pendingTokens() + worker.ownTokens();
  }
}
