package dev.baton.cli.node;

import dev.baton.cli.local.DefaultModel;
import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.cluster.phase.PhaseModel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a worker says of the hardware that it runs on. */
final class HardwareOptions {
  private static final String MEASURED = "hardware.yaml";

  @Option(
      names = "--hardware",
      paramLabel = "NAME|FILE",
      description = {
        "Hardware profile of its chips, by which the router predicts times: baton profile list.",
        "Default: $BATON_HOME/hardware.yaml (~/.baton/hardware.yaml) where baton profile hardware",
        "wrote it, else generic-cpu."
      })
  private @Nullable String hardware;

  @Option(
      names = "--chips",
      paramLabel = "N",
      defaultValue = "1",
      description = "Chips that work as one. Default: ${DEFAULT-VALUE}.")
  private int chips;

  /**
   * Times of a model on this hardware.
   *
   * @throws IllegalArgumentException if the profile is faulty or the model does not fit
   */
  PhaseModel phases(ModelSpec model) {
    try {
      return new PhaseModel(HardwareCatalog.load().find(nameOrFile()), chips, model);
    } catch (ConfigException faulty) {
      throw new IllegalArgumentException("--hardware: " + faulty.getMessage(), faulty);
    }
  }

  private String nameOrFile() {
    if (hardware != null) {
      return hardware;
    }
    Path measured = DefaultModel.home().resolve(MEASURED);
    return Files.exists(measured) ? measured.toString() : HardwareCatalog.DEFAULT;
  }
}
