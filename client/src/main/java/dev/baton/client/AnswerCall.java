package dev.baton.client;

import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One answer: events as they are asked for, in order, then exactly one end. Where there are several
 * routers, one that cannot be reached any more, or that shuts down, is left for another, which goes
 * on behind what has come; whoever listens does not notice.
 *
 * <ul>
 *   <li>At most as many events come as were {@link #request requested}; the rest stays in gRPC's
 *       flow-control window, and then at the router.
 *   <li>The listener is called by one thread at a time, on the channel's executor.
 *   <li>{@code request} and {@code cancel} may be called from any thread, once started.
 * </ul>
 */
final class AnswerCall {
  /** Rounds over all routers in which nothing comes. */
  private static final int ROUNDS = 3;

  private static final long PAUSE_MILLIS = 200;

  /** What happens to a call. */
  interface Listener {
    /** The next event. */
    void event(AnswerEvent event);

    /** The last event was delivered; the call ended well. The last signal. */
    void completed();

    /** The call failed, or was cancelled. The last signal. */
    void failed(BatonException failure);
  }

  private final List<RouterConnection> routers;
  private final Pauses pauses;
  private final CallOptions options;
  private final GenerationRequest request;
  private final Progress progress;

  // All below guarded by this.
  private @Nullable ClientCall<GenerateRequest, GenerateResponse> call;
  private int router;
  private int wanted;
  private int fruitless;
  private @Nullable String cancelled;

  /** Lets time pass before another router is asked. */
  @FunctionalInterface
  interface Pauses {
    /** The machine's own time. */
    Pauses REAL =
        (millis, then) ->
            CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(then);

    /** Runs this after so many milliseconds. */
    void after(long millis, Runnable then);
  }

  /**
   * An answer yet to be asked for.
   *
   * @param routers any of which can answer; the first is asked first
   */
  AnswerCall(
      List<RouterConnection> routers,
      CallOptions options,
      GenerationRequest request,
      Pauses pauses) {
    this.routers = List.copyOf(routers);
    this.pauses = pauses;
    this.options = options;
    this.request = request;
    this.progress = new Progress(request);
  }

  /** Sends the request. No event comes before the first {@link #request}. */
  void start(Listener listener) {
    ClientCall<GenerateRequest, GenerateResponse> next;
    synchronized (this) {
      next =
          routers.get(router).calls().newCall(GenerationServiceGrpc.getGenerateMethod(), options);
      call = next;
      next.start(new Inbound(next, listener), new Metadata());
      next.sendMessage(progress.rest());
      next.halfClose();
      if (wanted > 0) {
        next.request(wanted);
      }
      if (cancelled != null) {
        next.cancel(cancelled, null);
      }
    }
  }

  /** Allows {@code count} more events. */
  synchronized void request(int count) {
    wanted += count;
    if (call != null) {
      call.request(count);
    }
  }

  /** Ends the call; the router frees everything. Harmless after the end. */
  synchronized void cancel(String why) {
    cancelled = why;
    if (call != null) {
      call.cancel(why, null);
    }
  }

  private synchronized void delivered() {
    wanted--;
    fruitless = 0;
  }

  /** Whether another router is asked; it is, soon. */
  private boolean goesOn(BatonException failure, Listener listener) {
    boolean ofTheRouter =
        switch (failure.code()) {
          // Who cancels here is asked below: else it was a router whose server ended.
          case UNREACHABLE, DRAINING, CANCELLED -> true;
          default -> false;
        };
    long pause;
    synchronized (this) {
      fruitless++;
      if (!ofTheRouter
          || cancelled != null
          || routers.size() == 1
          || fruitless >= ROUNDS * routers.size()) {
        return false;
      }
      router = (router + 1) % routers.size();
      int failedRounds = fruitless / routers.size();
      pause = PAUSE_MILLIS * failedRounds;
      if (failedRounds > 0) {
        routers.get(router).reconnect();
      }
    }
    pauses.after(pause, () -> start(listener));
    return true;
  }

  private final class Inbound extends ClientCall.Listener<GenerateResponse> {
    private final ClientCall<GenerateRequest, GenerateResponse> mine;
    private final Listener listener;
    private final EventOrder order = new EventOrder(request.choices());
    private @Nullable BatonException fault;

    Inbound(ClientCall<GenerateRequest, GenerateResponse> mine, Listener listener) {
      this.mine = mine;
      this.listener = listener;
    }

    @Override
    public void onMessage(GenerateResponse message) {
      if (fault != null) {
        return;
      }
      AnswerEvent event;
      try {
        event = Wire.event(message);
        order.next(event);
      } catch (BatonException outOfOrder) {
        fault = outOfOrder;
        mine.cancel(outOfOrder.getMessage(), outOfOrder);
        return;
      }
      if (progress.isNew(event)) {
        delivered();
        listener.event(event);
      } else {
        mine.request(1);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (fault != null) {
        listener.failed(fault);
      } else if (!status.isOk()) {
        BatonException failure = BatonException.of(status, trailers);
        if (!goesOn(failure, listener)) {
          listener.failed(failure);
        }
      } else if (!order.isComplete()) {
        listener.failed(
            new BatonException(ErrorCode.INTERNAL, "the router ended the stream too early"));
      } else {
        listener.completed();
      }
    }
  }
}
