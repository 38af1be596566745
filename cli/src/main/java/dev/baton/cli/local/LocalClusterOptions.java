package dev.baton.cli.local;

import dev.baton.cli.machine.WeightOptions;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The model and the workers of a cluster on this machine. */
public final class LocalClusterOptions {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Hugging Face model directory. Default: a random model, made once.")
  private @Nullable Path model;

  @Option(
      names = "--prefill",
      paramLabel = "N",
      defaultValue = "1",
      description = "Prefill workers. Default: ${DEFAULT-VALUE}.")
  private int prefillWorkers;

  @Option(
      names = "--decode",
      paramLabel = "N",
      defaultValue = "1",
      description = "Decode workers. Default: ${DEFAULT-VALUE}.")
  private int decodeWorkers;

  @Mixin private WeightOptions weights = new WeightOptions();

  /** Directory of the model; null for the random one. */
  public @Nullable Path model() {
    return model;
  }

  /** How many prefill workers. */
  public int prefillWorkers() {
    return prefillWorkers;
  }

  /** How many decode workers. */
  public int decodeWorkers() {
    return decodeWorkers;
  }

  /** What all workers are told besides. */
  public List<String> workerArguments() {
    return weights.arguments();
  }
}
