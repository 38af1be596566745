package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.Route;
import dev.baton.router.placement.PlacementDecision.Predicted;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** What operators see of requests. Safe for use by many threads. */
final class GenerationMeters {
  private final MeterRegistry registry;
  private final Timer ttft;
  private final Timer tpot;
  private final Timer queue;
  private final Timer total;
  private final Timer visibleTransfer;
  private final DistributionSummary predictedTtft;
  private final DistributionSummary predictedTpot;
  private final Counter localPrefills;
  private final AtomicInteger active;

  GenerationMeters(MeterRegistry registry) {
    this.registry = registry;
    this.ttft = timer("baton.request.ttft", "Time to the first token with text.");
    this.tpot = timer("baton.request.tpot", "Time per token after the first.");
    this.queue = timer("baton.request.queue", "Time until the decode worker reserved.");
    this.total = timer("baton.request", "Time of a whole request.");
    this.visibleTransfer =
        timer(
            "baton.request.visible.transfer",
            "Time from the end of computing the prompt until its KV had crossed.");
    this.predictedTtft = observedToPredicted("ttft");
    this.predictedTpot = observedToPredicted("tpot");
    this.localPrefills =
        Counter.builder("baton.local.prefills")
            .description("Requests whose prompt the decode worker read itself.")
            .register(registry);
    this.active = new AtomicInteger();
    registry.gauge("baton.requests.active", active);
  }

  private DistributionSummary observedToPredicted(String time) {
    return DistributionSummary.builder("baton.prediction.ratio")
        .description("Observed over predicted time of a placed request.")
        .tag("time", time)
        .publishPercentileHistogram()
        .minimumExpectedValue(0.01)
        .maximumExpectedValue(100.0)
        .register(registry);
  }

  private Timer timer(String name, String description) {
    return Timer.builder(name)
        .description(description)
        .publishPercentileHistogram()
        .minimumExpectedValue(Duration.ofMillis(1))
        .maximumExpectedValue(Duration.ofMinutes(10))
        .register(registry);
  }

  void started() {
    active.incrementAndGet();
  }

  /** A started request is over. */
  void over(String door, Ending ending, Account account) {
    active.decrementAndGet();
    registry.counter("baton.requests", "door", door, "outcome", ending.outcome()).increment();
    if (ending.cancelled()) {
      registry.counter("baton.cancellations", "phase", ending.phase()).increment();
    } else {
      ending.error().ifPresent(this::failed);
    }
    account.queue().ifPresent(queue::record);
    account.ttft().ifPresent(ttft::record);
    account.tpot(ending.longestChoice()).ifPresent(tpot::record);
    ending.predicted().ifPresent(predicted -> compare(predicted, ending, account));
    total.record(account.total());
    long visible = ending.usage().getRoute().getVisibleTransferUs();
    if (visible > 0) {
      visibleTransfer.record(visible, TimeUnit.MICROSECONDS);
    }
    if (ending.usage().getRoute().getLocalPrefill()) {
      localPrefills.increment();
    }
    Route route = ending.usage().getRoute();
    if (route.hasPrefillJoules()) {
      joules("prefill", route.getPrefillJoules());
    }
    if (route.hasDecodeJoules()) {
      joules("decode", route.getDecodeJoules());
    }
    tokens("prompt", ending.usage().getPromptTokens());
    tokens("cached", ending.usage().getCachedTokens());
    tokens("pulled", ending.usage().getRoute().getPulledTokens());
    tokens("completion", ending.usage().getCompletionTokens());
  }

  private void compare(Predicted predicted, Ending ending, Account account) {
    if (ending.error().isEmpty()) {
      account
          .ttftSinceAdmitted()
          .ifPresent(seen -> predictedTtft.record(seconds(seen) / predicted.ttftSeconds()));
      account
          .tpot(ending.longestChoice())
          .ifPresent(seen -> predictedTpot.record(seconds(seen) / predicted.tpotSeconds()));
    }
  }

  private static double seconds(Duration time) {
    return time.toNanos() / 1e9;
  }

  private void failed(BatonException error) {
    String label = error.code().name().replace("ERROR_CODE_", "").toLowerCase(Locale.ROOT);
    registry.counter("baton.errors", "code", label).increment();
  }

  private void joules(String phase, double joules) {
    registry.counter("baton.request.joules", "phase", phase).increment(joules);
  }

  private void tokens(String kind, int count) {
    registry.counter("baton.tokens", "kind", kind).increment(count);
  }
}
