package dev.baton.cli.node;

import picocli.CommandLine.Command;

/** {@code baton worker}: only a name for the two roles. */
@Command(
    name = "worker",
    mixinStandardHelpOptions = true,
    subcommands = {PrefillCommand.class, DecodeCommand.class},
    synopsisSubcommandLabel = "(prefill | decode)",
    description = "One worker of a cluster: a prefill worker or a decode worker.")
public final class WorkerCommand {}
