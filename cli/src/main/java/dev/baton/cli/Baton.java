package dev.baton.cli;

import dev.baton.cli.bench.BenchCommand;
import dev.baton.cli.chaos.ChaosCommand;
import dev.baton.cli.chat.ChatCommand;
import dev.baton.cli.demo.DemoCommand;
import dev.baton.cli.demo.WarmUpCommand;
import dev.baton.cli.doctor.DoctorCommand;
import dev.baton.cli.drain.DrainCommand;
import dev.baton.cli.explain.ExplainCommand;
import dev.baton.cli.local.UpCommand;
import dev.baton.cli.model.ModelCommand;
import dev.baton.cli.node.RouterCommand;
import dev.baton.cli.node.WorkerCommand;
import dev.baton.cli.node.ZooKeeperCommand;
import dev.baton.cli.pool.PoolCommand;
import dev.baton.cli.profile.ProfileCommand;
import dev.baton.cli.shell.OneLineErrors;
import dev.baton.cli.soak.SoakCommand;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The program's entry. */
@Command(
    name = "baton",
    mixinStandardHelpOptions = true,
    version = "baton 0.1.0",
    description = {
      "Serves large language models with prefill and decode in different processes.",
      ""
    },
    synopsisSubcommandLabel = "COMMAND",
    footerHeading = "%nStart here:%n",
    footer = {
      "  baton demo                  a whole cluster on this machine, one conversation, its account",
      "  baton up                    the same cluster, until Ctrl-C",
      "  baton up --model DIR        with a model of your own",
      "  baton COMMAND --help        what a command does, and how",
      "",
      "Exit codes: 0 done, 1 failed, 2 wrong flags, 130 ended by Ctrl-C, 143 by SIGTERM."
    })
public final class Baton {
  private static final int USAGE_WIDTH = 100;

  /** In the order of the help. */
  private static final List<Class<?>> COMMANDS =
      List.of(
          DemoCommand.class,
          UpCommand.class,
          ChatCommand.class,
          RouterCommand.class,
          WorkerCommand.class,
          PoolCommand.class,
          DrainCommand.class,
          ExplainCommand.class,
          ZooKeeperCommand.class,
          ModelCommand.class,
          DoctorCommand.class,
          ProfileCommand.class,
          BenchCommand.class,
          SoakCommand.class,
          ChaosCommand.class,
          WarmUpCommand.class);

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show the stack of an error, not only its sentence.")
  private boolean verbose;

  private Baton() {}

  /** Runs one command and ends with its exit code. */
  public static void main(String[] arguments) {
    System.exit(execute(arguments));
  }

  private static int execute(String[] arguments) {
    try {
      return commandLine(arguments).execute(arguments);
    } catch (LinkageError | OutOfMemoryError broken) {
      // Commands translate exceptions; these are faults of the installation, or of its size.
      System.err.println("baton: " + broken);
      return CommandLine.ExitCode.SOFTWARE;
    }
  }

  /**
   * A command line that can run these arguments. Every flag of every command takes a tenth of a
   * second to read; a server starts without those of the others. For the warm-up all are read,
   * because their classes are to be archived.
   */
  static CommandLine commandLine(String... arguments) {
    Baton baton = new Baton();
    CommandLine line = new CommandLine(baton);
    String wanted = arguments.length == 0 ? "" : arguments[0];
    COMMANDS.stream()
        .filter(command -> name(command).equals(wanted) && command != WarmUpCommand.class)
        .findFirst()
        .map(List::<Class<?>>of)
        .orElse(COMMANDS)
        .forEach(line::addSubcommand);
    OneLineErrors errors = new OneLineErrors(() -> baton.verbose);
    return line.setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpWidth(USAGE_WIDTH)
        .setParameterExceptionHandler(errors)
        .setExecutionExceptionHandler(errors);
  }

  private static String name(Class<?> command) {
    return command.getAnnotation(Command.class).name();
  }
}
