package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.prefill.PrefillMetrics.Outcome;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillPhase;
import dev.baton.proto.internal.v1.PrefillProgress;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.v1.ErrorCode;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The caller's side of one job: turns progress and end into events of the stream. Any thread may
 * call; events never overlap, and none follows the last. Nothing here blocks or throws: gRPC
 * buffers, and progress that the caller does not read is left out.
 */
final class PrefillCall implements PrefillListener {
  private static final Logger LOG = LoggerFactory.getLogger(PrefillCall.class);

  private final String requestId;
  private final ServerCallStreamObserver<PrefillResponse> responses;
  private final PrefillMetrics metrics;
  private @Nullable Future<?> heartbeat;
  private boolean over;

  PrefillCall(
      String requestId,
      ServerCallStreamObserver<PrefillResponse> responses,
      PrefillMetrics metrics) {
    this.requestId = requestId;
    this.responses = responses;
    this.metrics = metrics;
  }

  /** Cancels this timer when the call ends. */
  synchronized void beatBy(Future<?> timer) {
    heartbeat = timer;
    if (over) {
      timer.cancel(false);
    }
  }

  /** Says how far the job is. */
  synchronized void progress(PrefillJob job) {
    if (!over && responses.isReady()) {
      PrefillResponse progress =
          PrefillResponse.newBuilder()
              .setProgress(
                  PrefillProgress.newBuilder()
                      .setPhase(phase(job.state()))
                      .setReadyTokens(job.readyTokens()))
              .build();
      quietly(() -> responses.onNext(progress));
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
  public synchronized void done(PrefillAccount account) {
    end(Outcome.COMPLETED);
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
    PrefillResponse last = PrefillResponse.newBuilder().setDone(done).build();
    quietly(() -> {
      responses.onNext(last);
      responses.onCompleted();
    });
  }

  @Override
  public synchronized void failed(BatonException why) {
    boolean cancelled = why.code() == ErrorCode.ERROR_CODE_CANCELLED;
    end(cancelled ? Outcome.CANCELLED : Outcome.FAILED);
    try (RequestScope scope = RequestScope.open(requestId)) {
      LOG.info("prefill ended early: {}", why.getMessage());
    }
    quietly(() -> responses.onError(why.toStatus(requestId)));
  }

  /** A stream that broke cancels the job by itself; the loop must not notice. */
  private static void quietly(Runnable write) {
    try {
      write.run();
    } catch (RuntimeException e) {
      LOG.debug("the caller's stream takes nothing any more", e);
    }
  }

  private void end(Outcome outcome) {
    over = true;
    if (heartbeat != null) {
      heartbeat.cancel(false);
    }
    metrics.ended(outcome);
  }
}
