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
 * corrected by what the worker says of its steps, so that a router that starts knows at once, or
 * while that is too little by what this router observed of it. Safe for use by many threads.
 */
final class WorkerTimes {
  private static final Logger LOG = LoggerFactory.getLogger(WorkerTimes.class);

  private final Optional<PhaseModel> model;
  private final boolean sharesChip;
  private final Correction prefill = new Correction();
  private final Correction decode = new Correction();
  private final HeardSteps prefillSteps = new HeardSteps();
  private final HeardSteps decodeSteps = new HeardSteps();
  private final FetchShare fetches = new FetchShare();

  /** Of a worker that said this; its first model counts. */
  WorkerTimes(WorkerRegistration registration) {
    this.model = read(registration);
    this.sharesChip = !registration.getSharesChipWith().isEmpty();
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
    return model.map(each ->
        new PhaseTimes(
            each, factor(prefillSteps, prefill), factor(decodeSteps, decode), fetches.value()));
  }

  /**
   * What the worker says of its steps, for each of which it predicts what it really consists of;
   * what requests saw counts until enough was heard. A request has the whole of a step that it
   * shared with other prompts as its own, and its answer is written beside others than were there
   * when it was placed: by requests alone a busy worker would look like a slow one. Of workers that
   * share a chip it is the other way round: only requests see that they wait for each other.
   */
  private double factor(HeardSteps said, Correction seen) {
    boolean bySaid = said.isSettled() && !(sharesChip && seen.isSettled());
    return bySaid ? said.factor() : seen.factor();
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
