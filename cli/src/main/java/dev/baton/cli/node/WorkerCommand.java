package dev.baton.cli.node;

import picocli.CommandLine.Command;

/** {@code baton worker}: only a name for the roles. */
@Command(
    name = "worker",
    mixinStandardHelpOptions = true,
    subcommands = {PrefillCommand.class, DecodeCommand.class, MixedCommand.class},
    synopsisSubcommandLabel = "(prefill | decode | mixed)",
    description =
        "One worker of a cluster: a prefill worker, a decode worker, or both on one chip.")
public final class WorkerCommand {}
