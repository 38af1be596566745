package dev.baton.cli.node;

import java.util.function.Supplier;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** A server's configuration refuses a value: to the user that is a wrong flag. */
final class ConfigCheck {
  private ConfigCheck() {}

  /** The configuration, or a usage error with its message. */
  static <T> T check(CommandLine command, Supplier<T> config) {
    try {
      return config.get();
    } catch (IllegalArgumentException refused) {
      throw new ParameterException(command, String.valueOf(refused.getMessage()), refused);
    }
  }
}
