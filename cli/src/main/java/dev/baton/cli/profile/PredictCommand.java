package dev.baton.cli.profile;

import dev.baton.cluster.config.ConfigException;
import dev.baton.cluster.hardware.HardwareCatalog;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.model.ModelDirectory;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code baton profile predict}. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = {
      "What a request would take, term by term, by the phase model that the router places with.",
      "Nothing runs. Formulas and measured errors: docs/hardware-profiles.md."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  baton profile predict --hardware H100 --chips 8 --spec llama-3.1-70b --prompt 2048",
      "  baton profile predict --hardware H100 --chips 4 --decode-hardware A100-80GB"
          + " --spec llama-3.1-70b --prompt 2048 --output 256 --batch 16 --json"
    })
final class PredictCommand implements Callable<Integer> {
  @Option(
      names = "--hardware",
      required = true,
      paramLabel = "NAME|FILE",
      description = "Profile of the prefill worker's chips: baton profile list. Required.")
  private String hardware = "";

  @Option(
      names = "--chips",
      paramLabel = "N",
      defaultValue = "1",
      description = "Chips of the prefill worker that work as one. Default: ${DEFAULT-VALUE}.")
  private int chips;

  @Option(
      names = "--decode-hardware",
      paramLabel = "NAME|FILE",
      description = "Profile of the decode worker's chips. Default: as --hardware.")
  private @Nullable String decodeHardware;

  @Option(
      names = "--decode-chips",
      paramLabel = "N",
      description = "Chips of the decode worker that work as one. Default: as --chips.")
  private @Nullable Integer decodeChips;

  @ArgGroup(multiplicity = "1")
  private Which which = new Which();

  @Mixin private Workload workload = new Workload();

  @Option(names = "--json", description = "Print one JSON object on one line, in base units.")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  /** The model: a directory or a published one. */
  static final class Which {
    @Option(
        names = "--model",
        required = true,
        paramLabel = "DIR",
        description = "Hugging Face model directory, as the embedded engine runs it.")
    private @Nullable Path model;

    @Option(
        names = "--spec",
        required = true,
        paramLabel = "NAME",
        description = "A published model in 16 bits, such as llama-3.1-70b.")
    private @Nullable String name;

    ModelSpec spec() {
      return model != null
          ? ModelSpecs.embedded(ModelDirectory.open(model))
          : ModelSpecs.published(Objects.requireNonNull(name, "name"));
    }
  }

  @Override
  public Integer call() {
    Prediction prediction;
    try {
      prediction = predict();
    } catch (IllegalArgumentException | ConfigException refused) {
      throw new ParameterException(
          spec.commandLine(), String.valueOf(refused.getMessage()), refused);
    }
    if (json) {
      System.out.println(JsonMapper.builder().build().writeValueAsString(prediction.fields()));
    } else {
      System.out.print(prediction.table());
    }
    return 0;
  }

  private Prediction predict() {
    workload.check();
    HardwareCatalog catalog = HardwareCatalog.load();
    ModelSpec model = which.spec();
    PhaseModel prefill = new PhaseModel(catalog.find(hardware), chips, model);
    PhaseModel decode =
        new PhaseModel(
            catalog.find(Objects.requireNonNullElse(decodeHardware, hardware)),
            Objects.requireNonNullElse(decodeChips, chips),
            model);
    return Prediction.of(prefill, decode, workload);
  }
}
