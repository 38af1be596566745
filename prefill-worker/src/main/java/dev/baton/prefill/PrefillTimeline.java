package dev.baton.prefill;

import dev.baton.cluster.process.RequestScope;
import dev.baton.kv.handoff.BusyTimes;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line in the log for each prompt that was handed off: its times, and when it computed and when
 * planes were on their way, as spans [begin, end] in milliseconds since the request came. Where
 * they overlap, transfer was hidden.
 */
final class PrefillTimeline {
  private static final Logger LOG = LoggerFactory.getLogger(PrefillTimeline.class);
  private static final double NANOS_PER_MILLI = 1e6;

  private PrefillTimeline() {}

  static void log(String requestId, PrefillAccount account) {
    try (RequestScope scope = RequestScope.open(requestId)) {
      LOG.atInfo()
          .addKeyValue("cached_tokens", account.cachedTokens())
          .addKeyValue("pulled_tokens", account.pulledTokens())
          .addKeyValue("computed_tokens", account.computedTokens())
          .addKeyValue("bytes_moved", account.push().receipt().bytesMoved())
          .addKeyValue("layerwise", account.layerwise())
          .addKeyValue("queue_ms", millis(account.queueNanos()))
          .addKeyValue("compute_ms", millis(account.computeNanos()))
          .addKeyValue("push_ms", millis(account.push().totalNanos()))
          .addKeyValue("transfer_ms", millis(account.push().transferNanos()))
          .addKeyValue("visible_transfer_ms", millis(account.visibleTransferNanos()))
          .addKeyValue("compute_spans", spans(account.computing(), account.arrivedAt()))
          .addKeyValue("transfer_spans", spans(account.push().transfers(), account.arrivedAt()))
          .log("prefill handed off");
    }
  }

  private static List<List<Double>> spans(List<BusyTimes.Interval> intervals, long zero) {
    return intervals.stream()
        .map(each -> List.of(millis(each.from() - zero), millis(each.to() - zero)))
        .toList();
  }

  private static double millis(long nanos) {
    return nanos / NANOS_PER_MILLI;
  }
}
