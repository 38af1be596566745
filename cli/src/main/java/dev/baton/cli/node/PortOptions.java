package dev.baton.cli.node;

import dev.baton.cluster.membership.AdvertisedEndpoints;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a worker of one role listens. */
final class PortOptions {
  @Option(
      names = {"--control-port", "--port"},
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Port of the control services. 0, the default, picks a free one.")
  private int controlPort;

  @Option(
      names = "--kv-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = {
        "Port where KV goes in and out: pushed to decode workers, fetched from both.",
        "0, the default, picks a free one."
      })
  private int kvPort;

  @Option(
      names = "--admin-port",
      paramLabel = "PORT",
      defaultValue = "0",
      description = "Port of /metrics, /healthz and /readyz. 0, the default, picks a free one.")
  private int adminPort;

  @Option(
      names = "--advertised-kv-endpoint",
      paramLabel = "HOST:PORT",
      description =
          "Where other workers push to and fetch from, where it is not the bound address.")
  private @Nullable String advertisedKvEndpoint;

  @Option(
      names = "--advertised-control-endpoint",
      paramLabel = "HOST:PORT",
      description =
          "Where routers reach the control services, where it is not the bound address: behind a"
              + " proxy, or where addresses are translated.")
  private @Nullable String advertisedControlEndpoint;

  WorkerPorts ports() {
    return new WorkerPorts(
        controlPort,
        kvPort,
        adminPort,
        new AdvertisedEndpoints(
            Optional.ofNullable(advertisedControlEndpoint),
            Optional.ofNullable(advertisedKvEndpoint)));
  }
}
