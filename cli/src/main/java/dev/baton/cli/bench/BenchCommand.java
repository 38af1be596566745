package dev.baton.cli.bench;

import dev.baton.cli.bench.engine.EngineBenchCommand;
import dev.baton.cli.bench.placement.PlacementBenchCommand;
import dev.baton.cli.bench.relay.RouterBenchCommand;
import dev.baton.cli.bench.relay.StubWorkersCommand;
import dev.baton.cli.bench.serve.ReportCommand;
import dev.baton.cli.bench.serve.ServeCommand;
import picocli.CommandLine.Command;

/** {@code baton bench}: only a name for what can be measured. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    subcommands = {
      ServeCommand.class,
      ReportCommand.class,
      EngineBenchCommand.class,
      RouterBenchCommand.class,
      PlacementBenchCommand.class,
      IndexCommand.class,
      StubWorkersCommand.class,
      TransferCommand.class,
      TransferPeerCommand.class
    },
    description = "Measures servers, and this machine.")
public final class BenchCommand {}
