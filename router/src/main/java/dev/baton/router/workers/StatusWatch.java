package dev.baton.router.workers;

import dev.baton.proto.internal.v1.WatchRequest;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.SynchronizationContext;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listens to one worker's status stream for as long as it is open. A stream that breaks, is silent
 * for {@link #SILENCE}, or misses something, is opened again after a pause that doubles from {@link
 * #SHORTEST_PAUSE} to {@link #LONGEST_PAUSE}, with jitter, and starts over with a snapshot.
 *
 * <p>Events come one at a time, none after {@link #close()} returned on the same thread.
 */
final class StatusWatch implements AutoCloseable {
  static final Duration SHORTEST_PAUSE = Duration.ofMillis(100);
  static final Duration LONGEST_PAUSE = Duration.ofSeconds(5);

  static final double LEAST_JITTER = 0.8;
  static final double MOST_JITTER = 1.2;

  /** Several times the longest gap that a living worker leaves between snapshots. */
  static final Duration SILENCE = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(StatusWatch.class);

  /** Who hears what the worker says. */
  interface Listener {
    /** A new stream begins. */
    void opened();

    /** The next event; false asks for a new stream, because something is missing. */
    boolean heard(WatchResponse event);

    /** The stream broke, or was silent for too long; another one begins after a pause. */
    void ended();
  }

  private final ManagedChannel channel;
  private final String worker;
  private final ScheduledExecutorService timer;
  private final DoubleSupplier jitter;
  private final Listener listener;
  private final SynchronizationContext serial =
      new SynchronizationContext(
          (_, e) -> LOG.atError().setCause(e).log("status stream: listener failed"));

  // All below only inside serial.
  private Duration pause = SHORTEST_PAUSE;
  private @Nullable Stream current;
  private SynchronizationContext.@Nullable ScheduledHandle next;
  private boolean closed;

  StatusWatch(
      ManagedChannel channel,
      String worker,
      ScheduledExecutorService timer,
      DoubleSupplier jitter,
      Listener listener) {
    this.channel = channel;
    this.worker = worker;
    this.timer = timer;
    this.jitter = jitter;
    this.listener = listener;
  }

  void start() {
    serial.execute(this::open);
  }

  @Override
  public void close() {
    serial.execute(() -> {
      closed = true;
      cancelNext();
      if (current != null) {
        current.cancel();
        current = null;
      }
    });
  }

  private void open() {
    if (closed) {
      return;
    }
    Stream stream = new Stream();
    current = stream;
    listener.opened();
    // The channel may sit in a back-off of its own, longer than ours.
    channel.resetConnectBackoff();
    Context.ROOT.run(() ->
        WorkerStatusServiceGrpc.newStub(channel).watch(WatchRequest.getDefaultInstance(), stream));
    expectWithin(SILENCE, () -> over(stream, "silent for " + SILENCE));
  }

  private void heard(Stream stream, WatchResponse event) {
    if (stream != current) {
      return;
    }
    expectWithin(SILENCE, () -> over(stream, "silent for " + SILENCE));
    if (listener.heard(event)) {
      pause = SHORTEST_PAUSE;
    } else {
      over(stream, "something is missing before event " + event.getSequence());
    }
  }

  private void over(Stream stream, String why) {
    if (stream != current) {
      return;
    }
    current = null;
    stream.cancel();
    listener.ended();
    LOG.atDebug().addKeyValue("worker", worker).log("status stream ended: {}", why);
    expectWithin(Duration.ofMillis((long) (pause.toMillis() * jitter.getAsDouble())), this::open);
    Duration doubled = pause.multipliedBy(2);
    pause = doubled.compareTo(LONGEST_PAUSE) < 0 ? doubled : LONGEST_PAUSE;
  }

  private void expectWithin(Duration delay, Runnable then) {
    cancelNext();
    next = serial.schedule(then, delay.toMillis(), TimeUnit.MILLISECONDS, timer);
  }

  private void cancelNext() {
    if (next != null) {
      next.cancel();
      next = null;
    }
  }

  private final class Stream implements ClientResponseObserver<WatchRequest, WatchResponse> {
    private @Nullable ClientCallStreamObserver<WatchRequest> call;

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchRequest> requestStream) {
      call = requestStream;
    }

    void cancel() {
      if (call != null) {
        call.cancel("no longer watched", null);
      }
    }

    @Override
    public void onNext(WatchResponse event) {
      serial.execute(() -> heard(this, event));
    }

    @Override
    public void onError(Throwable error) {
      serial.execute(() -> over(this, String.valueOf(error.getMessage())));
    }

    @Override
    public void onCompleted() {
      serial.execute(() -> over(this, "completed"));
    }
  }
}
