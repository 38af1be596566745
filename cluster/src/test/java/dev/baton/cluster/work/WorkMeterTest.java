package dev.baton.cluster.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.cluster.phase.Phase;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.work.StepWork.PromptPart;
import dev.baton.proto.internal.v1.WorkerLoad;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Time and energy of steps, with a clock of the test's own; an H100 takes 75, 700, 380 W. */
class WorkMeterTest {
  private static final ModelSpec SMALL =
      new ModelSpec("small", 4, 256, 8, 4, 32, 704, 1024, 2, 8192);
  private static final PhaseModel H100 =
      new PhaseModel(HardwareCatalog.load().find("H100"), 2, SMALL);
  private static final StepWork READS = new StepWork(List.of(new PromptPart(100, 0)), 0, 0);
  private static final StepWork WRITES = new StepWork(List.of(), 4, 4000);

  private final AtomicLong nanos = new AtomicLong(5_000_000_000L);
  private final Chip chip = new Chip(Optional.of(H100), nanos::get);

  private void pass(double seconds) {
    nanos.addAndGet((long) (seconds * 1e9));
  }

  private StepEnergy step(WorkMeter meter, StepWork work, double seconds) {
    WorkMeter.Step step = meter.begin(work);
    pass(seconds);
    return step.end();
  }

  private static double joules(WorkMeter meter, Phase phase) {
    return meter.joules(phase).orElseThrow();
  }

  @Test
  void everySecondTakesTheWattsOfItsPhaseOnAllChips() {
    WorkMeter meter = new WorkMeter(chip);
    pass(3);
    step(meter, READS, 0.5);
    pass(1);
    step(meter, WRITES, 0.25);

    assertThat(joules(meter, Phase.IDLE)).isCloseTo(4 * 2 * 75, within(1e-6));
    assertThat(joules(meter, Phase.PREFILL)).isCloseTo(0.5 * 2 * 700, within(1e-6));
    assertThat(joules(meter, Phase.DECODE)).isCloseTo(0.25 * 2 * 380, within(1e-6));
  }

  @Test
  void sharesOfAStepAddUpToItsEnergy() {
    WorkMeter meter = new WorkMeter(chip);
    StepEnergy read =
        step(
            meter, new StepWork(List.of(new PromptPart(30, 0), new PromptPart(70, 64)), 0, 0), 0.1);
    StepEnergy written = step(meter, WRITES, 0.1);

    assertThat(read.ofPrompt(30).orElseThrow()).isCloseTo(0.3 * 0.1 * 1400, within(1e-9));
    assertThat(read.ofPrompt(30).orElseThrow() + read.ofPrompt(70).orElseThrow())
        .isCloseTo(joules(meter, Phase.PREFILL), within(1e-9));
    assertThat(4 * written.ofSequence().orElseThrow())
        .isCloseTo(joules(meter, Phase.DECODE), within(1e-9));
  }

  @Test
  void aStepOfBothKindsIsDividedAsPredictedAndLosesNothing() {
    WorkMeter meter = new WorkMeter(chip);
    step(meter, new StepWork(READS.prompts(), WRITES.sequences(), WRITES.context()), 0.3);

    double prefill = H100.prefillSeconds(100, 0);
    double decode = H100.decodeStepSeconds(4, 4000);
    WorkerLoad.Builder told = WorkerLoad.newBuilder();
    meter.write(told);
    assertThat(told.getPrefillSteps().getSeconds())
        .isCloseTo(0.3 * prefill / (prefill + decode), within(1e-9));
    assertThat(told.getPrefillSteps().getSeconds() + told.getDecodeSteps().getSeconds())
        .isCloseTo(0.3, within(1e-9));
    assertThat(told.getPrefillSteps().getPredictedSeconds()).isCloseTo(prefill, within(1e-12));
    assertThat(told.getDecodeSteps().getPredictedSeconds()).isCloseTo(decode, within(1e-12));
    assertThat(told.getPrefillSteps().getTokens()).isEqualTo(100);
    assertThat(told.getDecodeSteps().getTokens()).isEqualTo(4);
  }

  @Test
  void twoWorkersOnAChipCountItsTimeOnce() {
    AtomicLong prefillNanos = new AtomicLong();
    AtomicLong decodeNanos = new AtomicLong();
    WorkMeter prefill = new WorkMeter(chip, prefillNanos::get);
    WorkMeter decode = new WorkMeter(chip, decodeNanos::get);
    pass(2);
    WorkMeter.Step read = prefill.begin(READS);
    pass(0.1);
    WorkMeter.Step waits = decode.begin(WRITES);
    pass(0.4);
    prefillNanos.addAndGet(450_000_000);
    read.end();
    pass(0.2);
    decodeNanos.addAndGet(250_000_000);
    waits.end();

    assertThat(joules(prefill, Phase.PREFILL)).isCloseTo(0.45 * 1400, within(1e-6));
    assertThat(joules(decode, Phase.DECODE))
        .as("what it had of the engine, not its wait for the other")
        .isCloseTo(0.25 * 760, within(1e-6));
    assertThat(joules(prefill, Phase.IDLE) + joules(decode, Phase.IDLE))
        .isCloseTo(2 * 150, within(1e-6));
  }

  @Test
  void aWorkerThatLeavesTheChipLeavesItsIdleTimeToTheOther() {
    WorkMeter stays = new WorkMeter(chip);
    WorkMeter leaves = new WorkMeter(chip);
    pass(2);
    leaves.close();
    pass(2);

    assertThat(joules(stays, Phase.IDLE)).isCloseTo((1 + 2) * 150, within(1e-6));
  }

  @Test
  void sumsNeverGoDownWhileAStepRuns() {
    WorkMeter meter = new WorkMeter(chip);
    pass(1);
    WorkMeter.Step step = meter.begin(READS);
    double before = joules(meter, Phase.IDLE);
    pass(1);
    assertThat(joules(meter, Phase.IDLE)).isEqualTo(before);
    step.end();
    assertThat(joules(meter, Phase.IDLE)).isEqualTo(before);
  }

  @Test
  void withoutAProfileTimesAreCountedAndEnergyIsSaidByNobody() {
    WorkMeter meter = new WorkMeter(new Chip(Optional.empty(), nanos::get));
    StepEnergy energy = step(meter, WRITES, 0.25);
    WorkerLoad.Builder told = WorkerLoad.newBuilder();
    meter.write(told);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    meter.watch(meters);

    assertThat(energy.ofSequence()).isEmpty();
    assertThat(told.hasEnergy()).isFalse();
    assertThat(told.getDecodeSteps().getSeconds()).isCloseTo(0.25, within(1e-9));
    assertThat(told.getDecodeSteps().getPredictedSeconds()).isZero();
    assertThat(meters.getMeters()).isEmpty();
  }
}
