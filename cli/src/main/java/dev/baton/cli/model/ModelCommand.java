package dev.baton.cli.model;

import picocli.CommandLine.Command;

/** {@code baton model}: only a name for what can be done with model directories. */
@Command(
    name = "model",
    mixinStandardHelpOptions = true,
    subcommands = {RandomModelCommand.class, QuantizeCommand.class, CompareCommand.class},
    description = "Makes model directories, and compares them.")
public final class ModelCommand {}
