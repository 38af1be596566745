package dev.baton.router.admission;

/**
 * What is predicted for a request, in nanoseconds.
 *
 * @param queue until it starts
 * @param ttft from now until its first token, {@code queue} included
 * @param tpot for each further token
 */
public record Forecast(long queue, long ttft, long tpot) {
  /** From now until so many tokens of one answer are there. */
  long untilToken(long tokens) {
    return ttft + tpot * Math.max(0, tokens - 1);
  }
}
