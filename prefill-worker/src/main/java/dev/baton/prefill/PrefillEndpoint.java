package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.cluster.worker.EventStream;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffSender;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.internal.v1.PrefillServiceGrpc;
import io.grpc.Context;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * The gRPC edge of the worker. One call is one {@link PrefillJob}; the end of the call, by the
 * caller or by its deadline, stops the job in whichever phase it is.
 *
 * <p>Progress goes out twice a second, unless the engine has written nothing for longer than the
 * stall limit: then the worker keeps silent, so that whoever waits can tell.
 */
final class PrefillEndpoint extends PrefillServiceGrpc.PrefillServiceImplBase
    implements AutoCloseable {
  private static final long HEARTBEAT_MILLIS = 500;

  private final RequestCheck check;
  private final BlockPool pool;
  private final PrefillLoop loop;
  private final HandoffSender sender;
  private final Duration stallLimit;
  private final Overlap overlap;
  private final PrefillMetrics metrics;
  private final ScheduledExecutorService heartbeats;
  private final LongSupplier nanoClock;

  /** An edge in real time, whose heartbeats have a thread of their own. */
  PrefillEndpoint(
      RequestCheck check,
      BlockPool pool,
      PrefillLoop loop,
      HandoffSender sender,
      Duration stallLimit,
      Overlap overlap,
      PrefillMetrics metrics) {
    this(check, pool, loop, sender, stallLimit, overlap, metrics, timer(), System::nanoTime);
  }

  /** {@code heartbeats} times the heartbeats; stopped at the close. */
  PrefillEndpoint(
      RequestCheck check,
      BlockPool pool,
      PrefillLoop loop,
      HandoffSender sender,
      Duration stallLimit,
      Overlap overlap,
      PrefillMetrics metrics,
      ScheduledExecutorService heartbeats,
      LongSupplier nanoClock) {
    this.check = check;
    this.pool = pool;
    this.loop = loop;
    this.sender = sender;
    this.stallLimit = stallLimit;
    this.overlap = overlap;
    this.metrics = metrics;
    this.heartbeats = heartbeats;
    this.nanoClock = nanoClock;
  }

  private static ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("prefill-heartbeat").factory());
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  @Override
  public void prefill(PrefillRequest request, StreamObserver<PrefillResponse> observer) {
    var responses = (ServerCallStreamObserver<PrefillResponse>) observer;
    EventStream<PrefillResponse> events = new EventStream<>(responses);
    PrefillCall call = new PrefillCall(request.getRequestId(), events, metrics);
    try (RequestScope scope = RequestScope.open(request.getRequestId())) {
      Context context = Context.current();
      PrefillJob job =
          new PrefillJob(check.check(request), pool, pushWithin(context), call, nanoClock);
      responses.setOnCancelHandler(() -> loop.stop(job, EventStream.whyOver(context)));
      loop.submit(job);
      call.progress(job);
      events.beatBy(
          heartbeats.scheduleAtFixedRate(
              () -> beat(call, job), HEARTBEAT_MILLIS, HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS));
    } catch (BatonException e) {
      call.failed(e);
    }
  }

  private KvPush pushWithin(Context context) {
    return (task, blocks) ->
        new PushToDecode(
            sender.prepare(
                task.target(),
                task.ticket(),
                task.keys(),
                task.tokens().length,
                blocks,
                () -> !loop.isStuck(stallLimit)),
            context,
            task.target(),
            stallLimit,
            overlap);
  }

  private void beat(PrefillCall call, PrefillJob job) {
    if (!loop.isStuck(stallLimit)) {
      call.progress(job);
    }
  }

  /** Stops the heartbeats. */
  @Override
  public void close() {
    heartbeats.shutdownNow();
  }
}
