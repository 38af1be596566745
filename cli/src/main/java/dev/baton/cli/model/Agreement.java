package dev.baton.cli.model;

import dev.baton.cli.shell.Failure;

/**
 * How near two models are to each other and to a text, at one token of it.
 *
 * @param logLoss -ln of the probability that the first model gave the token
 * @param otherLogLoss the same of the second
 * @param divergence Kullback-Leibler, of the second's distribution from the first's, in nats
 * @param sameTop whether both would choose the same token: the most probable, the first of those
 */
record Agreement(double logLoss, double otherLogLoss, double divergence, boolean sameTop) {

  /**
   * Of logits before this token.
   *
   * @throws Failure if they are not finite
   */
  static Agreement of(float[] logits, float[] other, int token) {
    int top = top(logits);
    int otherTop = top(other);
    double sum = 0;
    double otherSum = 0;
    double difference = 0;
    for (int i = 0; i < logits.length; i++) {
      double weight = Math.exp((double) logits[i] - logits[top]);
      sum += weight;
      otherSum += Math.exp((double) other[i] - other[otherTop]);
      difference += weight * ((double) logits[i] - other[i]);
    }
    double logSum = logits[top] + Math.log(sum);
    double otherLogSum = other[otherTop] + Math.log(otherSum);
    Agreement agreement =
        new Agreement(
            logSum - logits[token],
            otherLogSum - other[token],
            difference / sum - logSum + otherLogSum,
            top == otherTop);
    if (!Double.isFinite(agreement.divergence())) {
      throw new Failure("a model's logits are not finite: its weights are broken");
    }
    return agreement;
  }

  private static int top(float[] logits) {
    int top = 0;
    for (int i = 1; i < logits.length; i++) {
      top = logits[i] > logits[top] ? i : top;
    }
    return top;
  }
}
