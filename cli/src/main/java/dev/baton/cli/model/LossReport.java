package dev.baton.cli.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a text loses with one model instead of another.
 *
 * @param tokens that were predicted
 * @param windows they stand in
 * @param window tokens of a window at most
 * @param perplexity of the first model: e to the mean of -ln of each token's probability
 * @param otherPerplexity of the second
 * @param topAgreement share of the tokens before which both would choose the same one
 * @param divergence mean Kullback-Leibler divergence of the second from the first, in nats
 */
record LossReport(
    long tokens,
    int windows,
    int window,
    double perplexity,
    double otherPerplexity,
    double topAgreement,
    double divergence) {

  /** Adds up. Not safe for use by several threads. */
  static final class Sum {
    private long tokens;
    private long same;
    private double logLoss;
    private double otherLogLoss;
    private double divergence;

    void add(Agreement each) {
      tokens++;
      same += each.sameTop() ? 1 : 0;
      logLoss += each.logLoss();
      otherLogLoss += each.otherLogLoss();
      divergence += each.divergence();
    }

    LossReport report(int windows, int window) {
      return new LossReport(
          tokens,
          windows,
          window,
          Math.exp(logLoss / tokens),
          Math.exp(otherLogLoss / tokens),
          (double) same / tokens,
          divergence / tokens);
    }
  }

  /** As JSON. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("tokens", tokens);
    fields.put("windows", windows);
    fields.put("window_tokens", window);
    fields.put("perplexity", perplexity);
    fields.put("other_perplexity", otherPerplexity);
    fields.put("perplexity_ratio", otherPerplexity / perplexity);
    fields.put("top_1_agreement", topAgreement);
    fields.put("mean_kl_divergence_nats", divergence);
    return fields;
  }

  /** As people read it. */
  List<String> lines(String name, String otherName) {
    return List.of(
        String.format(Locale.ROOT, "%d tokens in %d windows of up to %d:", tokens, windows, window),
        String.format(Locale.ROOT, "%-32s %12.4f", "perplexity, " + name, perplexity),
        String.format(
            Locale.ROOT,
            "%-32s %12.4f (%+.2f%%)",
            "perplexity, " + otherName,
            otherPerplexity,
            100 * (otherPerplexity / perplexity - 1)),
        String.format(
            Locale.ROOT, "%-32s %11.2f%%", "same most probable token", 100 * topAgreement),
        String.format(Locale.ROOT, "%-32s %12.3e nats", "mean KL divergence", divergence));
  }
}
