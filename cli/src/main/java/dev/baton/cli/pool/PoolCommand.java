package dev.baton.cli.pool;

import picocli.CommandLine.Command;

/** {@code baton pool}: only a name for what can be done with pools. */
@Command(
    name = "pool",
    mixinStandardHelpOptions = true,
    subcommands = {
      PoolShowCommand.class,
      PoolServeCommand.class,
      PoolMoveCommand.class,
      PoolRecoverCommand.class
    },
    synopsisSubcommandLabel = "(show | serve | move | recover)",
    description = {
      "Shows and edits which pools serve which model, which roles a mixed worker has, and how requests",
      "go on that lost a worker.",
      "The rules stand in ZooKeeper; routers and workers follow an edit at once, without a restart."
    })
public final class PoolCommand {}
