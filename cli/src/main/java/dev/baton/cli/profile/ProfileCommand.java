package dev.baton.cli.profile;

import picocli.CommandLine.Command;

/** {@code baton profile}: only a name for what is below. */
@Command(
    name = "profile",
    mixinStandardHelpOptions = true,
    subcommands = {
      HardwareCommand.class,
      PredictCommand.class,
      ListCommand.class,
      ShowCommand.class
    },
    synopsisSubcommandLabel = "(hardware | predict | list | show)",
    description = "Hardware profiles: what a chip can do, and how long each phase takes on it.")
public final class ProfileCommand {}
