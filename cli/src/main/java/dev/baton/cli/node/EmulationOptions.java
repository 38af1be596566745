package dev.baton.cli.node;

import dev.baton.cli.profile.ModelSpecs;
import dev.baton.cluster.phase.ModelSpec;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.engine.emulated.EmulatedEngine;
import dev.baton.engine.emulated.EmulatedModel;
import dev.baton.engine.emulated.StepTimes;
import dev.baton.model.ModelDirectory;
import dev.baton.model.PublishedModels;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which engine a worker runs. */
final class EmulationOptions {
  /** Engines by name. */
  enum Kind {
    /** Computes the model. */
    EMBEDDED,
    /** Takes the time that the hardware profile says, and computes nothing. */
    EMULATED
  }

  @Option(
      names = "--engine",
      paramLabel = "embedded|emulated",
      defaultValue = "EMBEDDED",
      description = {
        "embedded computes the model; emulated takes the time that --hardware would take for --spec",
        "and fills and checks KV of its size, with --model for its tokenizer. Default: embedded."
      })
  private Kind kind = Kind.EMBEDDED;

  @Option(
      names = "--spec",
      paramLabel = "NAME",
      description = "The published model that is emulated, such as llama-3.1-70b.")
  private @Nullable String spec;

  @Option(
      names = "--time-scale",
      paramLabel = "S",
      defaultValue = "1",
      description = "Seconds that an emulated second takes. Default: ${DEFAULT-VALUE}.")
  private double timeScale;

  @Option(
      names = "--kv-fraction",
      paramLabel = "F",
      defaultValue = "1",
      description = "Share of the real KV that emulated blocks have. Default: ${DEFAULT-VALUE}.")
  private double kvFraction;

  /**
   * The numbers of the model that runs, or is said to run.
   *
   * @throws IllegalArgumentException if there is no such published model
   */
  ModelSpec spec(ModelOptions model) {
    return kind == Kind.EMBEDDED
        ? ModelSpecs.embedded(ModelDirectory.open(model.directory()))
        : ModelSpecs.published(name());
  }

  /** Bytes of a block. */
  long blockBytes(ModelOptions model, int blockTokens) {
    return kind == Kind.EMBEDDED
        ? model.blockBytes(blockTokens)
        : emulated(model, blockTokens).layout().blockBytes();
  }

  /**
   * The times of these chips as this process's clock sees them.
   *
   * @throws IllegalArgumentException if the time scale is none
   */
  PhaseModel paced(PhaseModel chips) {
    if (kind == Kind.EMBEDDED) {
      return chips;
    }
    if (!(timeScale > 0 && Double.isFinite(timeScale))) {
      throw new IllegalArgumentException("--time-scale: " + timeScale + ", expected above 0");
    }
    return new PhaseModel(chips.profile().atTimeScale(timeScale), chips.chips(), chips.model());
  }

  /** The engine, where it is emulated; with times of this process's clock. */
  Optional<EmulatedEngine> engine(ModelOptions model, int blockTokens, PhaseModel phases) {
    return kind == Kind.EMBEDDED
        ? Optional.empty()
        : Optional.of(new EmulatedEngine(emulated(model, blockTokens), times(phases)));
  }

  private EmulatedModel emulated(ModelOptions model, int blockTokens) {
    return EmulatedModel.of(
        name(),
        PublishedModels.config(name())
            .orElseThrow(() -> new IllegalArgumentException("--spec: " + name())),
        ModelDirectory.open(model.directory()).config().vocabulary(),
        blockTokens,
        kvFraction);
  }

  private String name() {
    if (spec == null) {
      throw new IllegalArgumentException(
          "--spec: missing, expected the model to emulate, one of "
              + String.join(", ", PublishedModels.names()));
    }
    return spec;
  }

  /** How long steps take by this model of the phases. */
  static StepTimes times(PhaseModel phases) {
    return new StepTimes() {
      @Override
      public double prefillSeconds(long newTokens, long cachedTokens) {
        return phases.prefillSeconds(newTokens, cachedTokens);
      }

      @Override
      public double decodeSeconds(int batch, long totalContext) {
        return phases.decodeStepSeconds(batch, totalContext);
      }
    };
  }

  /** Counts what the engine found wrong. */
  static void watch(EmulatedEngine engine, MeterRegistry meters) {
    FunctionCounter.builder("baton.emulated.wrong.spans", engine, EmulatedEngine::wrongSpans)
        .description("spans whose earlier KV was not what its tokens make")
        .register(meters);
  }
}
