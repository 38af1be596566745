package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.cluster.worker.EventStream;
import dev.baton.cluster.worker.Outcome;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillPhase;
import dev.baton.proto.internal.v1.PrefillProgress;
import dev.baton.proto.internal.v1.PrefillResponse;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The caller's side of one job: turns progress and end into events of the stream. Any thread may
 * call; nothing here blocks or throws. Progress that the caller does not read is left out.
 */
final class PrefillCall implements PrefillListener {
  private static final Logger LOG = LoggerFactory.getLogger(PrefillCall.class);

  private final String requestId;
  private final EventStream<PrefillResponse> events;
  private final PrefillMetrics metrics;

  PrefillCall(String requestId, EventStream<PrefillResponse> events, PrefillMetrics metrics) {
    this.requestId = requestId;
    this.events = events;
    this.metrics = metrics;
  }

  /** Says how far the job is. */
  void progress(PrefillJob job) {
    if (events.isRead()) {
      events.send(
          PrefillResponse.newBuilder()
              .setProgress(
                  PrefillProgress.newBuilder()
                      .setPhase(phase(job.state()))
                      .setReadyTokens(job.readyTokens()))
              .build());
    }
  }

  private static PrefillPhase phase(PrefillJob.State state) {
    return switch (state) {
      case QUEUED -> PrefillPhase.PREFILL_PHASE_QUEUED;
      case COMPUTING -> PrefillPhase.PREFILL_PHASE_COMPUTING;
      case PUSHING, ENDED -> PrefillPhase.PREFILL_PHASE_PUSHING;
    };
  }

  @Override
  public void done(PrefillAccount account) {
    metrics.ended(Outcome.COMPLETED);
    metrics.visibleTransfer(account.visibleTransferNanos());
    PrefillTimeline.log(requestId, account);
    PrefillDone.Builder done =
        PrefillDone.newBuilder()
            .setCachedTokens(account.cachedTokens())
            .setPulledTokens(account.pulledTokens())
            .setComputedTokens(account.computedTokens())
            .setQueueUs(TimeUnit.NANOSECONDS.toMicros(account.queueNanos()))
            .setComputeUs(TimeUnit.NANOSECONDS.toMicros(account.computeNanos()))
            .setPushUs(TimeUnit.NANOSECONDS.toMicros(account.push().totalNanos()))
            .setTransferUs(TimeUnit.NANOSECONDS.toMicros(account.push().transferNanos()))
            .setVisibleTransferUs(TimeUnit.NANOSECONDS.toMicros(account.visibleTransferNanos()));
    account.joules().ifPresent(done::setJoules);
    events.complete(PrefillResponse.newBuilder().setDone(done).build());
  }

  @Override
  public void failed(BatonException why) {
    metrics.ended(Outcome.of(why));
    try (RequestScope scope = RequestScope.open(requestId)) {
      LOG.info("prefill ended early: {}", why.getMessage());
    }
    events.fail(why, requestId);
  }
}
