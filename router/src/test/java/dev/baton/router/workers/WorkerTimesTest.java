package dev.baton.router.workers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.phase.PhaseRegistration;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.StepTotals;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.router.placement.PhaseTimes;
import org.junit.jupiter.api.Test;

/** What corrects the predicted times of a worker. */
class WorkerTimesTest {
  private static final PhaseModel PHASES =
      new PhaseModel(
          HardwareCatalog.load().find("H100"),
          1,
          new ModelSpec("small", 4, 256, 8, 4, 32, 704, 1024, 2, 8192));

  private final WorkerTimes times = new WorkerTimes(registration().build());

  private static WorkerRegistration.Builder registration() {
    WorkerRegistration.Builder worker =
        WorkerRegistration.newBuilder()
            .setId("p")
            .addModels(ServedModel.newBuilder().setName("model").setVocabulary(1024));
    PhaseRegistration.write(PHASES, worker);
    return worker;
  }

  private double prefillFactor() {
    return prefillFactor(times);
  }

  private static double prefillFactor(WorkerTimes times) {
    return times.now().map(PhaseTimes::prefillFactor).orElseThrow();
  }

  private void promptsThatSharedEachStep(int prompts) {
    promptsThatSharedEachStep(times, prompts);
  }

  private static void saysThatStepsAreAsPredicted(WorkerTimes times) {
    for (int i = 1; i <= 5; i++) {
      times.heard(
          WorkerLoad.newBuilder()
              .setPrefillSteps(
                  StepTotals.newBuilder().setSteps(i).setSeconds(i).setPredictedSeconds(i))
              .build());
    }
  }

  @Test
  void whatRequestsSawOfAWorkerThatSharesItsChipCountsFirst() {
    WorkerTimes mixed = new WorkerTimes(registration().setSharesChipWith("d").build());
    saysThatStepsAreAsPredicted(mixed);
    assertThat(prefillFactor(mixed)).isCloseTo(1, within(1e-9));

    promptsThatSharedEachStep(mixed, 2);
    assertThat(prefillFactor(mixed)).isCloseTo(2, within(1e-9));
  }

  private static void promptsThatSharedEachStep(WorkerTimes times, int prompts) {
    double alone = PHASES.prefillSeconds(1000, 0);
    for (int i = 0; i < 10; i++) {
      times.sawPrefill(1000, 0, prompts * alone);
    }
  }

  @Test
  void aStepThatPromptsSharedCountsOnceWhereTheWorkerSaysItsSteps() {
    promptsThatSharedEachStep(3);
    saysThatStepsAreAsPredicted(times);
    assertThat(prefillFactor()).isCloseTo(1, within(1e-9));
  }

  @Test
  void aWorkerThatNeverFetchesIsNotCountedOnToFetch() {
    for (int i = 0; i < 50; i++) {
      times.sawFetch(512, 0);
      times.sawFetch(0, 0);
    }
    assertThat(fetchShare()).isLessThan(0.01);

    for (int i = 0; i < 50; i++) {
      times.sawFetch(512, 512);
    }
    assertThat(fetchShare()).isGreaterThan(0.99);
  }

  private double fetchShare() {
    return times.now().map(PhaseTimes::fetchShare).orElseThrow();
  }

  @Test
  void whatRequestsSawCountsUntilTheWorkerSaidEnough() {
    promptsThatSharedEachStep(2);
    assertThat(prefillFactor()).isCloseTo(2, within(1e-9));
  }
}
