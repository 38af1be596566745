package dev.baton.cli.node;

import dev.baton.cli.shell.Units;
import dev.baton.router.placement.JointObjective;
import dev.baton.router.placement.LocalPrefillRule;
import dev.baton.router.placement.PlacementPolicy;
import java.time.Duration;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.TypeConversionException;

/** How a router places requests. */
public final class PlacementOptions {
  @Option(
      names = "--placement",
      paramLabel = "POLICY",
      defaultValue = "joint",
      converter = Policies.class,
      description = {
        "joint, least-loaded, round-robin, power-of-two, prefix-affinity or splitwise.",
        "Default: ${DEFAULT-VALUE}."
      })
  private PlacementPolicy policy = PlacementPolicy.JOINT;

  @Option(
      names = "--slo-ttft",
      paramLabel = "TIME",
      defaultValue = "1s",
      converter = Units.Durations.class,
      description = "Time to the first token that joint placement aims at. Default: 1s.")
  private Duration ttft = Duration.ZERO;

  @Option(
      names = "--slo-tpot",
      paramLabel = "TIME",
      defaultValue = "100ms",
      converter = Units.Durations.class,
      description = "Time per further token that joint placement aims at. Default: 100ms.")
  private Duration tpot = Duration.ZERO;

  @Option(
      names = "--energy-weight",
      paramLabel = "W",
      defaultValue = "0",
      description = "Cost of a joule in joint placement; a whole SLO is 1. Default: 0.")
  private double energy;

  @Option(
      names = "--price-weight",
      paramLabel = "W",
      defaultValue = "0",
      description = "Cost of a US dollar in joint placement; a whole SLO is 1. Default: 0.")
  private double price;

  @Option(
      names = "--local-prefill",
      paramLabel = "RULE",
      defaultValue = "never",
      description = {
        "When joint placement lets a decode worker read a prompt itself: never; alone, where no",
        "prefill worker can; cheaper, also where the first token is predicted to be earlier.",
        "Default: ${DEFAULT-VALUE}."
      })
  private LocalPrefillRule local = LocalPrefillRule.NEVER;

  @Option(
      names = "--local-prefill-chunk",
      paramLabel = "TOKENS",
      defaultValue = "128",
      description = {
        "Prompt tokens that decode workers read in a step, as they were told.",
        "Default: ${DEFAULT-VALUE}."
      })
  private int chunkTokens;

  /**
   * Looks at some of these flags and their values before there is a router to give them to.
   *
   * @throws ParameterException saying what is wrong
   */
  public static void check(List<String> arguments) {
    new CommandLine(new PlacementOptions())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .parseArgs(arguments.toArray(String[]::new));
  }

  PlacementPolicy policy() {
    return policy;
  }

  /**
   * What joint placement weighs.
   *
   * @throws IllegalArgumentException naming what cannot be
   */
  JointObjective objective() {
    return new JointObjective(
        ttft.toNanos() / 1e9, tpot.toNanos() / 1e9, energy, price, local, chunkTokens);
  }

  static final class Policies implements ITypeConverter<PlacementPolicy> {
    @Override
    public PlacementPolicy convert(String text) {
      for (PlacementPolicy each : PlacementPolicy.values()) {
        if (each.toString().equalsIgnoreCase(text)) {
          return each;
        }
      }
      throw new TypeConversionException(
          "'"
              + text
              + "', expected joint, least-loaded, round-robin, power-of-two, prefix-affinity or"
              + " splitwise");
    }
  }
}
