package dev.baton.engine.emulated;

/** How long a step takes on the hardware that is emulated, in seconds. Pure; for any thread. */
public interface StepTimes {
  /**
   * Reading a run of a prompt.
   *
   * @param newTokens computed
   * @param cachedTokens before them, whose KV is there
   */
  double prefillSeconds(long newTokens, long cachedTokens);

  /**
   * One step that gives each sequence a token.
   *
   * @param batch sequences, at least one
   * @param totalContext tokens of all of them together
   */
  double decodeSeconds(int batch, long totalContext);
}
