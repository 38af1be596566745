package dev.baton.cluster.phase;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerRegistration;
import org.junit.jupiter.api.Test;

/** What a worker says of its hardware, as a router reads it. */
class PhaseRegistrationTest {
  @Test
  void aRouterPredictsWhatTheWorkerWould() {
    PhaseModel said = new PhaseModel(HardwareCatalog.load().find("H100"), 8, Models.LLAMA_31_70B);
    WorkerRegistration.Builder registration = registration();
    PhaseRegistration.write(said, registration);

    PhaseModel read = PhaseRegistration.read(registration.build(), "served").orElseThrow();

    assertThat(registration.getHardware()).isEqualTo("H100");
    assertThat(read.model()).isEqualTo(said.model());
    assertThat(read.prefill(2048, 100)).isEqualTo(said.prefill(2048, 100));
    assertThat(read.decodeStep(16, 32_000)).isEqualTo(said.decodeStep(16, 32_000));
    assertThat(read.dollars(3600)).isEqualTo(said.dollars(3600));
  }

  @Test
  void aWorkerThatSaidNothingHasNoPhaseModel() {
    assertThat(PhaseRegistration.read(registration().build(), "served")).isEmpty();
  }

  @Test
  void aModelThatItDoesNotServeHasNone() {
    WorkerRegistration.Builder registration = registration();
    PhaseRegistration.write(
        new PhaseModel(HardwareCatalog.load().find("H100"), 8, Models.LLAMA_31_70B), registration);

    assertThat(PhaseRegistration.read(registration.build(), "other")).isEmpty();
  }

  private static WorkerRegistration.Builder registration() {
    return WorkerRegistration.newBuilder()
        .setId("p-1")
        .addModels(ServedModel.newBuilder().setName("served").setVocabulary(128_256));
  }
}
