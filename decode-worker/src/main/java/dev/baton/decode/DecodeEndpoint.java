package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.cluster.worker.EventStream;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeServiceGrpc;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The gRPC edge of the worker. One stream is one {@link DecodeCall}; the end of the stream, by the
 * caller or by its deadline, stops the call in whichever phase it is.
 *
 * <p>A stream that has nothing to say gives a sign of life within 0.8 seconds, unless the engine
 * has been in one step for longer than the stall limit: then the worker keeps silent, so that
 * whoever waits can tell.
 */
final class DecodeEndpoint extends DecodeServiceGrpc.DecodeServiceImplBase
    implements AutoCloseable {
  private static final long HEARTBEAT_MILLIS = 400;

  /** For a caller that sets no deadline, as no router does. */
  private static final long LONGEST_WAIT_MINUTES = 60;

  private final RequestCheck check;
  private final DecodeStages stages;
  private final DecodeMetrics metrics;
  private final ScheduledExecutorService heartbeats;

  /** An edge whose signs of life have a thread of their own. */
  DecodeEndpoint(RequestCheck check, DecodeStages stages, DecodeMetrics metrics) {
    this(check, stages, metrics, timer());
  }

  /** {@code heartbeats} times the signs of life; stopped at the close. */
  DecodeEndpoint(
      RequestCheck check,
      DecodeStages stages,
      DecodeMetrics metrics,
      ScheduledExecutorService heartbeats) {
    this.check = check;
    this.stages = stages;
    this.metrics = metrics;
    this.heartbeats = heartbeats;
  }

  private static ScheduledExecutorService timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("decode-heartbeat").factory());
    timer.setRemoveOnCancelPolicy(true);
    return timer;
  }

  @Override
  public void decode(DecodeRequest request, StreamObserver<DecodeResponse> observer) {
    var responses = (ServerCallStreamObserver<DecodeResponse>) observer;
    EventStream<DecodeResponse> events = new EventStream<>(responses);
    DecodeStream stream = new DecodeStream(request.getRequestId(), events, metrics);
    try (RequestScope scope = RequestScope.open(request.getRequestId())) {
      Context context = Context.current();
      Deadline deadline = context.getDeadline();
      DecodeCall call =
          new DecodeCall(
              check.check(request),
              stages,
              deadline == null ? Deadline.after(LONGEST_WAIT_MINUTES, TimeUnit.MINUTES) : deadline,
              stream);
      responses.setOnCancelHandler(() -> call.stop(EventStream.whyOver(context)));
      call.start();
      events.beatBy(
          heartbeats.scheduleAtFixedRate(
              () -> beat(stream), HEARTBEAT_MILLIS, HEARTBEAT_MILLIS, TimeUnit.MILLISECONDS));
    } catch (BatonException e) {
      stream.failed(e);
    }
  }

  private void beat(DecodeStream stream) {
    if (!stages.loop().isStuck(stages.stallLimit())) {
      stream.beat();
    }
  }

  /** Stops the signs of life. */
  @Override
  public void close() {
    heartbeats.shutdownNow();
  }
}
