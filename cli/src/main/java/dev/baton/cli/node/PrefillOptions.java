package dev.baton.cli.node;

import dev.baton.kv.transport.Connections;
import dev.baton.prefill.PrefillWorker;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** What a prefill worker is told besides. */
final class PrefillOptions {
  @Mixin private DiskTierOptions disk = new DiskTierOptions();

  @Option(
      names = "--chunk-tokens",
      paramLabel = "N",
      defaultValue = "256",
      description = "Most prompt tokens in one step of prefill. Default: ${DEFAULT-VALUE}.")
  private int chunkTokens;

  @Option(
      names = "--kv-wire",
      paramLabel = "any|unix|tcp",
      defaultValue = "ANY",
      description = {
        "What KV leaves by. any: shared memory or a Unix socket to decode workers on this",
        "host, TCP to others; unix: no shared memory; tcp: TCP to all. Default: any."
      })
  private Connections.Wire wire = Connections.Wire.ANY;

  @Option(
      names = "--kv-streams",
      paramLabel = "N",
      defaultValue = "1",
      description = {
        "Most streams that a handoff of 8 MiB or more leaves by, each on a connection of its own,",
        "where it does not go through shared memory. Default: ${DEFAULT-VALUE}."
      })
  private int kvStreams;

  /**
   * How the worker runs.
   *
   * @throws IllegalArgumentException naming what cannot be
   */
  PrefillWorker.Config config(String id, WorkerOptions worker, WorkerPorts ports) {
    return new PrefillWorker.Config(
        worker.config(id, ports), chunkTokens, disk.config(), wire, kvStreams);
  }
}
