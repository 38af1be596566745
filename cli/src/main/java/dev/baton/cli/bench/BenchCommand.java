package dev.baton.cli.bench;

import picocli.CommandLine.Command;

/** {@code baton bench}: only a name for what can be measured. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    subcommands = {TransferCommand.class, TransferPeerCommand.class, IndexCommand.class},
    description = "Measures this machine.")
public final class BenchCommand {}
