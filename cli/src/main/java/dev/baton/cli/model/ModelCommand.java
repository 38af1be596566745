package dev.baton.cli.model;

import picocli.CommandLine.Command;

/** {@code baton model}: only a name for what can be done with model directories. */
@Command(
    name = "model",
    mixinStandardHelpOptions = true,
    subcommands = {
      RandomModelCommand.class,
      QuantizeCommand.class,
      CompareCommand.class,
      DigestCommand.class
    },
    description = "Makes model directories, compares them, and says which bits they come to.")
public final class ModelCommand {}
