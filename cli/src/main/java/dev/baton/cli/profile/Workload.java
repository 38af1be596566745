package dev.baton.cli.profile;

import picocli.CommandLine.Option;

/** The request of {@code baton profile predict}, and what the workers do besides. */
final class Workload {
  @Option(
      names = "--prompt",
      paramLabel = "TOKENS",
      defaultValue = "1024",
      description = "Tokens of the prompt. Default: ${DEFAULT-VALUE}.")
  private int prompt;

  @Option(
      names = "--cached",
      paramLabel = "TOKENS",
      defaultValue = "0",
      description = "Of them, tokens whose KV the prefill worker has. Default: ${DEFAULT-VALUE}.")
  private int cached;

  @Option(
      names = "--output",
      paramLabel = "TOKENS",
      defaultValue = "128",
      description = "Tokens of the answer. Default: ${DEFAULT-VALUE}.")
  private int output;

  @Option(
      names = "--batch",
      paramLabel = "N",
      defaultValue = "1",
      description = "Equal requests that decode together. Default: ${DEFAULT-VALUE}.")
  private int batch;

  @Option(
      names = "--rate",
      paramLabel = "PER-SECOND",
      defaultValue = "0",
      description = {
        "Such requests a second at the prefill worker, for the mean wait in its queue.",
        "Default: none, no wait."
      })
  private double rate;

  int prompt() {
    return prompt;
  }

  int cached() {
    return cached;
  }

  int output() {
    return output;
  }

  int batch() {
    return batch;
  }

  double rate() {
    return rate;
  }

  /**
   * Requires numbers that make sense.
   *
   * @throws IllegalArgumentException naming the flag, its value and what would be right
   */
  void check() {
    check("--prompt", prompt, prompt >= 1, "at least 1");
    check("--cached", cached, cached >= 0 && cached < prompt, "0 to less than --prompt");
    check("--output", output, output >= 1, "at least 1");
    check("--batch", batch, batch >= 1, "at least 1");
    check("--rate", rate, rate >= 0 && Double.isFinite(rate), "0 or more");
  }

  private static void check(String flag, Object value, boolean holds, String expected) {
    if (!holds) {
      throw new IllegalArgumentException(flag + ": " + value + ", expected " + expected);
    }
  }
}
