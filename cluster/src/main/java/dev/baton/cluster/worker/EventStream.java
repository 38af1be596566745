package dev.baton.cluster.worker;

import dev.baton.cluster.error.BatonException;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of one call, on their way to whoever called.
 *
 * <ul>
 *   <li>Any thread may send; events never overlap, and none follows the end.
 *   <li>Nothing here blocks or throws: gRPC buffers, and a stream that broke cancels its call by
 *       itself; whoever works for the call must not notice.
 * </ul>
 *
 * @param <E> an event of this kind of call
 */
public final class EventStream<E> {
  private static final Logger LOG = LoggerFactory.getLogger(EventStream.class);

  private final ServerCallStreamObserver<E> observer;
  private @Nullable Future<?> heartbeat;
  private boolean over;

  /** To this caller, who has heard nothing yet. */
  public EventStream(ServerCallStreamObserver<E> observer) {
    this.observer = observer;
  }

  /** Cancels this timer at the end. */
  public synchronized void beatBy(Future<?> timer) {
    heartbeat = timer;
    if (over) {
      timer.cancel(false);
    }
  }

  /** Whether the caller reads as fast as events come, or almost. */
  public boolean isRead() {
    return observer.isReady();
  }

  /** Sends an event, unless the end was there. */
  public synchronized void send(E event) {
    if (!over) {
      quietly(() -> observer.onNext(event));
    }
  }

  /** Ends the stream well. */
  public synchronized void complete() {
    end();
    quietly(observer::onCompleted);
  }

  /** Ends the stream well, and lets nothing come between this event and the end. */
  public synchronized void complete(E last) {
    send(last);
    complete();
  }

  /** Ends the stream with this error. */
  public synchronized void fail(BatonException why, String requestId) {
    end();
    quietly(() -> observer.onError(why.toStatus(requestId)));
  }

  private void end() {
    over = true;
    if (heartbeat != null) {
      heartbeat.cancel(false);
    }
  }

  private static void quietly(Runnable write) {
    try {
      write.run();
    } catch (RuntimeException e) {
      LOG.debug("the caller's stream takes nothing any more", e);
    }
  }

  /** Why the caller's side of a call ended: its deadline passed, or the caller went away. */
  public static BatonException whyOver(Context context) {
    Deadline deadline = context.getDeadline();
    return deadline != null && deadline.isExpired()
        ? BatonException.deadline()
        : BatonException.cancelled();
  }
}
