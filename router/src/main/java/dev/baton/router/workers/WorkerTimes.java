package dev.baton.router.workers;

import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.phase.Correction;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.phase.PhaseRegistration;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.router.placement.PhaseTimes;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast one incarnation of a worker is: predicted from the hardware that it registered,
 * corrected by what the worker says of its steps and by what this router observed of it: either
 * where the other is too little yet, so that a router that starts knows at once. Safe for use by
 * many threads.
 */
final class WorkerTimes {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerTimes.class);

  private final Optional<PhaseModel> model;
  private final Correction prefill = new Correction();
  private final Correction decode = new Correction();
  private final HeardSteps prefillSteps = new HeardSteps();
  private final HeardSteps decodeSteps = new HeardSteps();
  private final FetchShare fetches = new FetchShare();

  /** Of a worker that said this; its first model counts. */
  WorkerTimes(WorkerRegistration registration) {
    this.model = read(registration);
  }

  private static Optional<PhaseModel> read(WorkerRegistration registration) {
    try {
      return registration.getModelsList().stream()
          .map(ServedModel::getName)
          .findFirst()
          .flatMap(name -> PhaseRegistration.read(registration, name));
    } catch (IllegalArgumentException | ConfigException e) {
      LOG.atWarn()
          .addKeyValue("worker", registration.getId())
          .log("the worker's times cannot be predicted: {}", e.getMessage());
      return Optional.empty();
    }
  }

  /** What to expect now; empty where the worker said nothing of its hardware. */
  Optional<PhaseTimes> now() {
    return model.map(
        each -> new PhaseTimes(each, prefillFactor(), decodeFactor(), fetches.value()));
  }

  /**
   * What the worker says of its steps, which it divides among the prompts that shared them; what
   * requests saw has the whole of a shared step in each of them, and would make a busy worker look
   * slow. They count until enough was heard.
   */
  private double prefillFactor() {
    return prefillSteps.isSettled() ? prefillSteps.factor() : prefill.factor();
  }

  /** What this router's own requests saw; before there are enough, what the worker says. */
  private double decodeFactor() {
    return decode.isSettled() ? decode.factor() : decodeSteps.factor();
  }

  /** The worker's hardware as it registered it; empty where it said nothing. */
  Optional<PhaseModel> model() {
    return model;
  }

  /** The worker said how its steps were. By one thread at a time. */
  void heard(WorkerLoad load) {
    prefillSteps.heard(load.getPrefillSteps());
    decodeSteps.heard(load.getDecodeSteps());
  }

  /** The worker might have fetched so many tokens of a prefix, and fetched these. */
  void sawFetch(int mightTokens, int fetchedTokens) {
    fetches.saw(mightTokens, fetchedTokens);
  }

  /** The worker read so many tokens in so many seconds, after others that were cached. */
  void sawPrefill(long newTokens, long cachedTokens, double seconds) {
    model.ifPresent(each -> prefill.observe(each.prefillSeconds(newTokens, cachedTokens), seconds));
  }

  /** A step took so many seconds for which so many had been predicted, before any correction. */
  void sawStep(double predictedSeconds, double seconds) {
    decode.observe(predictedSeconds, seconds);
  }
}
