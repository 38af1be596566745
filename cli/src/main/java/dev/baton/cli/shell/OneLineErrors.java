package dev.baton.cli.shell;

import java.io.PrintWriter;
import java.util.function.BooleanSupplier;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Errors as a user meets them: one line on stderr. Exit code 2 for a wrong flag, 1 for anything
 * that fails later; the stack only with {@code --verbose}.
 */
public final class OneLineErrors implements IParameterExceptionHandler, IExecutionExceptionHandler {
  private final BooleanSupplier verbose;

  /** Shows stacks too where {@code verbose} says so. */
  public OneLineErrors(BooleanSupplier verbose) {
    this.verbose = verbose;
  }

  @Override
  public int handleParseException(ParameterException wrong, String[] arguments) {
    CommandLine command = wrong.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    String message = String.valueOf(wrong.getMessage()).lines().findFirst().orElse("wrong flags");
    PrintWriter err = command.getErr();
    err.println(name + ": " + message + " (see " + name + " --help)");
    err.flush();
    return ExitCode.USAGE;
  }

  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult result) {
    if (failure instanceof Stopped) {
      return ExitCode.SOFTWARE;
    }
    PrintWriter err = command.getErr();
    err.println(command.getCommandSpec().qualifiedName() + ": " + message(failure));
    if (verbose.getAsBoolean()) {
      failure.printStackTrace(err);
    }
    err.flush();
    return ExitCode.SOFTWARE;
  }

  /**
   * A message that is no sentence ("null", a bare key) says nothing without the exception's name.
   */
  private static String message(Exception failure) {
    String message = failure.getMessage();
    return message != null && message.contains(" ") ? message : failure.toString();
  }
}
