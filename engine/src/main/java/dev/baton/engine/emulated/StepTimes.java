package dev.baton.engine.emulated;

import dev.baton.engine.Span;
import java.util.List;

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

  /** A batch: spans of one token are decoded, longer ones are prompts, one after the other. */
  default double seconds(List<Span> batch) {
    double seconds = 0;
    int decoding = 0;
    long context = 0;
    for (Span span : batch) {
      if (span.tokens().length == 1) {
        decoding++;
        context += span.end();
      } else {
        seconds += prefillSeconds(span.tokens().length, span.start());
      }
    }
    return decoding == 0 ? seconds : seconds + decodeSeconds(decoding, context);
  }
}
