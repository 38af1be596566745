package dev.baton.prefill;

import dev.baton.kv.handoff.BusyTimes;
import dev.baton.kv.handoff.PushTimes;
import java.util.List;
import java.util.OptionalDouble;

/**
 * What a finished prefill took. Moments are those of one clock, in nanoseconds.
 *
 * @param cachedTokens prompt tokens whose KV was in the cache, or was brought there
 * @param pulledTokens of these, those whose KV came from another worker
 * @param computedTokens prompt tokens that were computed
 * @param arrivedAt when the request came
 * @param startedAt when computing started
 * @param computedAt when the last token was computed
 * @param acknowledgedAt when the decode worker had everything
 * @param computeNanos in steps of the engine that the job took part in
 * @param joules its share of these steps' energy; empty where the hardware profile has no watts
 * @param computing when these steps were; the closest are joined where there are many
 * @param layerwise whether planes left layer by layer
 * @param push what the push did
 */
record PrefillAccount(
    int cachedTokens,
    int pulledTokens,
    int computedTokens,
    long arrivedAt,
    long startedAt,
    long computedAt,
    long acknowledgedAt,
    long computeNanos,
    OptionalDouble joules,
    List<BusyTimes.Interval> computing,
    boolean layerwise,
    PushTimes push) {
  /** From arrival to the start of computing. */
  long queueNanos() {
    return startedAt - arrivedAt;
  }

  /** From the end of computing to Ack: what overlap did not hide of the transfer. */
  long visibleTransferNanos() {
    return acknowledgedAt - computedAt;
  }
}
