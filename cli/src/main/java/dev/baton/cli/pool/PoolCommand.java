package dev.baton.cli.pool;

import picocli.CommandLine.Command;

/** {@code baton pool}: only a name for what can be done with pools. */
@Command(
    name = "pool",
    mixinStandardHelpOptions = true,
    subcommands = {PoolShowCommand.class, PoolServeCommand.class, PoolMoveCommand.class},
    synopsisSubcommandLabel = "(show | serve | move)",
    description = {
      "Shows and edits which pools serve which model, and which roles a mixed worker has.",
      "The rules stand in ZooKeeper; routers and workers follow an edit at once, without a restart."
    })
public final class PoolCommand {}
