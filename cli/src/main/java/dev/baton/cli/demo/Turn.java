package dev.baton.cli.demo;

/**
 * One turn of a conversation, as the client saw it.
 *
 * @param text the whole answer
 * @param promptTokens tokens of the prompt
 * @param cachedTokens prompt tokens that were not computed again
 * @param completionTokens tokens of the answer
 * @param prefillWorker id of the worker that read the prompt
 * @param decodeWorker id of the worker that wrote the answer
 * @param blocksMoved KV blocks that crossed from one to the other
 * @param blocksPresent KV blocks of the prompt that the decode worker had already
 * @param bytesMoved bytes of KV that crossed
 * @param transferMillis time in which they were on their way
 * @param visibleTransferMillis of that, what was not hidden behind computing the prompt, and the
 *     last acknowledgement
 * @param firstTextNanos from sending the request to the first text
 * @param totalNanos from sending the request to the end of the answer
 */
record Turn(
    String text,
    int promptTokens,
    int cachedTokens,
    int completionTokens,
    String prefillWorker,
    String decodeWorker,
    int blocksMoved,
    int blocksPresent,
    long bytesMoved,
    double transferMillis,
    double visibleTransferMillis,
    long firstTextNanos,
    long totalNanos) {
  private static final double NANOS_PER_MILLI = 1e6;

  /** Time to the first non-empty token, in milliseconds. */
  double ttftMillis() {
    return firstTextNanos / NANOS_PER_MILLI;
  }

  /** (end - TTFT) / (tokens - 1), in milliseconds; 0 for an answer of one token. */
  double tpotMillis() {
    return completionTokens < 2
        ? 0
        : (totalNanos - firstTextNanos) / NANOS_PER_MILLI / (completionTokens - 1);
  }
}
