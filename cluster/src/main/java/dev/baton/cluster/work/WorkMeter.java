package dev.baton.cluster.work;

import dev.baton.cluster.phase.Phase;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.proto.internal.v1.EnergyTotals;
import dev.baton.proto.internal.v1.StepTotals;
import dev.baton.proto.internal.v1.WorkerLoad;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.LongSupplier;

/**
 * Counts the steps of one worker, from its start to its end: their times, those that its hardware
 * profile predicts for them, and joules by the profile's watts.
 *
 * <ul>
 *   <li>All sums only grow: who misses a status event learns from the next what it would have said.
 *   <li>The time of a step that both reads prompts and writes answers is divided as it is predicted
 *       to be, by tokens where nothing is predicted.
 *   <li>Safe for use by many threads; nothing here waits.
 * </ul>
 */
public final class WorkMeter implements AutoCloseable {
  private static final double NANOS = 1e9;

  private final Chip chip;
  private final LongSupplier engineNanos;
  private final long idleNanosBefore;

  // All below guarded by this.
  private final Sums prefill = new Sums();
  private final Sums decode = new Sums();

  private static final class Sums {
    private long steps;
    private long tokens;
    private double seconds;
    private double predictedSeconds;

    void add(long moreTokens, double took, double predicted) {
      if (moreTokens > 0) {
        steps++;
        tokens += moreTokens;
        seconds += took;
        predictedSeconds += predicted;
      }
    }

    StepTotals toProto() {
      return StepTotals.newBuilder()
          .setSteps(steps)
          .setTokens(tokens)
          .setSeconds(seconds)
          .setPredictedSeconds(predictedSeconds)
          .build();
    }
  }

  /** Of a worker that begins now on these chips, and whose steps have them for themselves. */
  public WorkMeter(Chip chip) {
    this(chip, chip.nanos());
  }

  /**
   * Of a worker that begins now on these chips.
   *
   * @param engineNanos a clock that runs while the worker's steps have the chips, slower where they
   *     share them with another's
   */
  public WorkMeter(Chip chip, LongSupplier engineNanos) {
    this.chip = chip;
    this.engineNanos = engineNanos;
    this.idleNanosBefore = chip.join();
  }

  /** What the chips do and take; empty where nobody said. */
  public Optional<PhaseModel> phases() {
    return chip.phases();
  }

  /** A step in progress. */
  public final class Step {
    private final StepWork work;
    private final long begun = engineNanos.getAsLong();

    private Step(StepWork work) {
      this.work = work;
      chip.begin();
    }

    /** It is over, well or not; call it once. */
    public StepEnergy end() {
      long took = engineNanos.getAsLong() - begun;
      chip.end();
      return count(work, took / NANOS);
    }
  }

  /** A step begins, or waits for its turn on chips that it shares. */
  public Step begin(StepWork work) {
    return new Step(work);
  }

  private synchronized StepEnergy count(StepWork work, double took) {
    double predictedPrefill = chip.phases().map(work::prefillSeconds).orElse(0.0);
    double predictedDecode = chip.phases().map(work::decodeSeconds).orElse(0.0);
    double predicted = predictedPrefill + predictedDecode;
    int promptTokens = work.promptTokens();
    double prefillShare =
        predicted > 0
            ? predictedPrefill / predicted
            : promptTokens / (double) Math.max(1, promptTokens + work.sequences());
    prefill.add(promptTokens, took * prefillShare, predictedPrefill);
    decode.add(work.sequences(), took * (1 - prefillShare), predictedDecode);
    return new StepEnergy(
        work,
        joules(Phase.PREFILL, took * prefillShare),
        joules(Phase.DECODE, took * (1 - prefillShare)));
  }

  private OptionalDouble joules(Phase phase, double seconds) {
    return chip.phases().map(each -> each.joules(phase, seconds)).orElse(OptionalDouble.empty());
  }

  /** Joules so far in a phase; empty where nobody knows the chips' watts. */
  public OptionalDouble joules(Phase phase) {
    return joules(
        phase,
        switch (phase) {
          case IDLE -> (chip.idleNanosEach() - idleNanosBefore) / NANOS;
          case PREFILL -> seconds(prefill);
          case DECODE -> seconds(decode);
        });
  }

  private synchronized double seconds(Sums of) {
    return of.seconds;
  }

  /** Adds all that was counted to a status. */
  public void write(WorkerLoad.Builder to) {
    joules(Phase.IDLE)
        .ifPresent(idle ->
            to.setEnergy(
                EnergyTotals.newBuilder()
                    .setIdleJoules(idle)
                    .setPrefillJoules(joules(Phase.PREFILL).orElse(0))
                    .setDecodeJoules(joules(Phase.DECODE).orElse(0))));
    synchronized (this) {
      to.setPrefillSteps(prefill.toProto()).setDecodeSteps(decode.toProto());
    }
  }

  /** Shows joules by phase, where the chips' watts are known. */
  public void watch(MeterRegistry meters) {
    if (joules(Phase.IDLE).isEmpty()) {
      return;
    }
    for (Phase phase : Phase.values()) {
      FunctionCounter.builder("baton.energy.joules", this, each -> each.joules(phase).orElse(0))
          .description("Energy by the hardware profile's watts, modelled and not measured")
          .tag("phase", phase.name().toLowerCase(Locale.ROOT))
          .register(meters);
    }
  }

  /** The worker leaves the chips: their idle time is no longer its own. */
  @Override
  public void close() {
    chip.leave();
  }
}
