package dev.baton.prefill;

/**
 * What was measured on this worker; 0 is what was not measured yet.
 *
 * @param secondsPerToken of computing, in steps of the engine
 * @param bytesPerSecond of pushes, while they had planes to send
 * @param wakeUpSeconds from the word that planes are ready until the push's thread had taken it up
 */
record Speeds(double secondsPerToken, double bytesPerSecond, double wakeUpSeconds) {
  /**
   * Whether sending layer by layer makes a prompt arrive earlier than sending it in one burst after
   * computing. What overlap wins is the time that computing and sending have in common: sending may
   * begin after the first layer of the first step, and cannot hide more than there is. What it
   * costs is one wake-up for each layer of each step. What was not measured yet counts for overlap:
   * that is how it gets measured.
   *
   * @param bytes to send
   * @param tokens to compute
   * @param layers of the model
   * @param steps of the engine in which they are computed
   */
  boolean overlapPays(long bytes, int tokens, int layers, int steps) {
    if (secondsPerToken <= 0 || bytesPerSecond <= 0 || wakeUpSeconds <= 0) {
      return true;
    }
    double parts = (double) layers * steps;
    double compute = tokens * secondsPerToken;
    double afterFirstLayer = compute * (parts - 1) / parts;
    double transfer = bytes / bytesPerSecond;
    return Math.min(transfer, afterFirstLayer) > parts * wakeUpSeconds;
  }
}
