package dev.baton.cluster.phase;

import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.hardware.HardwareProfile;
import dev.baton.cluster.hardware.ProfileText;
import dev.baton.cluster.hardware.ProfileYaml;
import dev.baton.proto.internal.v1.ModelNumbers;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerRegistration;
import java.util.List;
import java.util.Optional;

/** What workers tell the cluster about their hardware and their model, and how it is read back. */
public final class PhaseRegistration {
  private PhaseRegistration() {}

  /** Adds the hardware to a registration and the model's numbers to its first model. */
  public static void write(PhaseModel phases, WorkerRegistration.Builder to) {
    to.setHardware(phases.profile().name())
        .setHardwareProfile(ProfileText.of(List.of(phases.profile())))
        .setChips(phases.chips());
    to.getModelsBuilder(0).setNumbers(numbers(phases.model()));
  }

  private static ModelNumbers numbers(ModelSpec model) {
    return ModelNumbers.newBuilder()
        .setName(model.name())
        .setLayers(model.layers())
        .setHidden(model.hidden())
        .setHeads(model.heads())
        .setKvHeads(model.kvHeads())
        .setHeadSize(model.headSize())
        .setFeedForward(model.feedForward())
        .setBytesPerWeight(model.bytesPerWeight())
        .setKvBytesPerToken(model.kvBytesPerToken())
        .build();
  }

  /**
   * The phase model of a worker for one of its models; empty where it said nothing of its hardware
   * or of that model.
   *
   * @throws IllegalArgumentException if what it said makes no sense
   * @throws ConfigException if its profile cannot be read
   */
  public static Optional<PhaseModel> read(WorkerRegistration worker, String modelName) {
    if (worker.getHardwareProfile().isEmpty()) {
      return Optional.empty();
    }
    HardwareProfile profile =
        ProfileYaml.parse("registration of " + worker.getId(), worker.getHardwareProfile())
            .getFirst();
    return worker.getModelsList().stream()
        .filter(each -> each.getName().equals(modelName) && each.hasNumbers())
        .findFirst()
        .map(each -> new PhaseModel(profile, worker.getChips(), spec(each)));
  }

  private static ModelSpec spec(ServedModel served) {
    ModelNumbers numbers = served.getNumbers();
    return new ModelSpec(
        numbers.getName(),
        numbers.getLayers(),
        numbers.getHidden(),
        numbers.getHeads(),
        numbers.getKvHeads(),
        numbers.getHeadSize(),
        numbers.getFeedForward(),
        served.getVocabulary(),
        numbers.getBytesPerWeight(),
        numbers.getKvBytesPerToken());
  }
}
