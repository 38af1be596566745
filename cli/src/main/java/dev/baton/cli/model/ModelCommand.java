package dev.baton.cli.model;

import picocli.CommandLine.Command;

/** {@code baton model}: only a name for what can be done with model directories. */
@Command(
    name = "model",
    mixinStandardHelpOptions = true,
    subcommands = {RandomModelCommand.class, DigestCommand.class},
    description = "Makes model directories, and says which bits the engine makes of them.")
public final class ModelCommand {}
