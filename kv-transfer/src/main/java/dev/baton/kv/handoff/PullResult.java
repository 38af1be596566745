package dev.baton.kv.handoff;

/**
 * What a pull brought.
 *
 * @param outcome how it ended
 * @param from the first key's place whose block came
 * @param to the place after the last; equal to {@code from} if none came
 * @param bytes of KV that came and were published
 * @param firstReplyNanos from the request until the source said what it has; 0 if it never did
 * @param transferNanos from then until the end
 */
public record PullResult(
    PullOutcome outcome, int from, int to, long bytes, long firstReplyNanos, long transferNanos) {}
