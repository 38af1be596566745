package dev.baton.cli.node;

import dev.baton.decode.DecodeWorker;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a decode worker is told besides. */
final class DecodeOptions {
  @Option(
      names = "--max-batch",
      paramLabel = "N",
      description = {
        "Most sequences in one step of decode; where more run, they take turns.",
        "Default: as many as memory holds."
      })
  private @Nullable Integer maxBatch;

  @Option(
      names = "--local-prefill-chunk",
      paramLabel = "TOKENS",
      defaultValue = "128",
      description = {
        "Most prompt tokens that a step reads beside its sequences, when a router asks for a local"
            + " prefill.",
        "Default: ${DEFAULT-VALUE}."
      })
  private int chunkTokens;

  /**
   * How the worker runs.
   *
   * @throws IllegalArgumentException naming what cannot be
   */
  DecodeWorker.Config config(String id, WorkerOptions worker, WorkerPorts ports) {
    return new DecodeWorker.Config(
        worker.config(id, ports),
        maxBatch == null ? OptionalInt.empty() : OptionalInt.of(maxBatch),
        chunkTokens);
  }
}
