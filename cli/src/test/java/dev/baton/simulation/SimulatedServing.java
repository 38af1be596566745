package dev.baton.simulation;

import dev.baton.proto.internal.v1.DecodeRequest;
import io.grpc.Attributes;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The server's side of a call.
 *
 * @param <Q> what is asked, as the service was bound
 * @param <A> what is answered, as the service was bound
 */
final class SimulatedServing<Q, A> extends ServerCall<Q, A> {
  private static final int WINDOW = 16;

  private final SimulatedCall<?, ?> call;
  private final Network network;
  private final Events events;
  private final Lane toServer;
  private final Lane toClient;
  private final long deadline;
  private final SimulatedProcess process;
  private final ServerMethodDefinition<Q, A> definition;
  private Context.@Nullable CancellableContext served;
  private ServerCall.@Nullable Listener<Q> handler;
  private int answersUnderWay;
  private boolean closed;
  private boolean over;
  private long begunAt = Long.MAX_VALUE;
  private long endedAt = Long.MAX_VALUE;

  SimulatedServing(
      SimulatedCall<?, ?> call,
      Network network,
      SimulatedProcess process,
      ServerMethodDefinition<Q, A> definition,
      Lane toServer,
      Lane toClient,
      long deadline) {
    this.call = call;
    this.network = network;
    this.events = network.events();
    this.toServer = toServer;
    this.toClient = toClient;
    this.deadline = deadline;
    this.process = process;
    this.definition = definition;
  }

  SimulatedProcess process() {
    return process;
  }

  boolean isOver() {
    return over;
  }

  /** Its process died. */
  void died() {
    over = true;
  }

  /** When it had taken in all that it is asked; not yet: {@link Long#MAX_VALUE}. */
  long begunAt() {
    return begunAt;
  }

  /** When it has done what it does at the end; not yet: {@link Long#MAX_VALUE}. */
  long endedAt() {
    return endedAt;
  }

  void begin() {
    network.serves(process, call);
    Context.CancellableContext mine = context();
    served = mine;
    mine.addListener(_ -> cancelled(), Runnable::run);
    inContext(() -> handler = definition.getServerCallHandler().startCall(this, new Metadata()));
  }

  private Context.CancellableContext context() {
    if (deadline == Long.MAX_VALUE) {
      return Context.ROOT.withCancellation();
    }
    Deadline.Ticker ticker =
        new Deadline.Ticker() {
          @Override
          public long nanoTime() {
            return events.now();
          }
        };
    return Context.ROOT.withDeadline(
        Deadline.after(deadline - events.now(), TimeUnit.NANOSECONDS, ticker), process.timer());
  }

  private void inContext(Runnable what) {
    Objects.requireNonNull(served).run(what);
  }

  void take(byte[] message) {
    if (!over) {
      Q parsed = definition.getMethodDescriptor().parseRequest(new ByteArrayInputStream(message));
      if (parsed instanceof DecodeRequest asked) {
        network.fence().asked(call, asked);
      }
      network
          .fence()
          .taking(
              call,
              process,
              message,
              () -> inContext(() -> Objects.requireNonNull(handler).onMessage(parsed)));
    }
  }

  void halfClosed() {
    if (!over) {
      begunAt = events.now();
      inContext(() -> Objects.requireNonNull(handler).onHalfClose());
    }
  }

  /** The client is gone, or the deadline has passed. */
  void cancelled() {
    if (!over) {
      over = true;
      toServer.endWith(() -> {
        if (handler != null) {
          Objects.requireNonNull(served).cancel(null);
          inContext(() -> Objects.requireNonNull(handler).onCancel());
        }
        endedAt = Math.min(endedAt, events.now());
      });
      call.leaveIfOver();
    }
  }

  private void completed() {
    if (!over) {
      over = true;
      toServer.endWith(() -> {
        inContext(() -> Objects.requireNonNull(handler).onComplete());
        Objects.requireNonNull(served).cancel(null);
      });
      call.leaveIfOver();
    }
  }

  @Override
  public void request(int messages) {
    toServer.request(messages);
  }

  @Override
  public void sendHeaders(Metadata headers) {}

  @Override
  public boolean isReady() {
    return !over && answersUnderWay < WINDOW;
  }

  @Override
  public void sendMessage(A answer) {
    if (over) {
      return;
    }
    if (closed) {
      events.fail(call + " is answered after its end", null);
    }
    byte[] bytes = SimulatedCall.bytes(definition.getMethodDescriptor().streamResponse(answer));
    network.fence().answering(call, process, answer);
    answersUnderWay++;
    toClient.sendMessage(() -> {
      if (call.hear(bytes)) {
        toServer.send(this::answerTaken);
      }
    });
  }

  private void answerTaken() {
    answersUnderWay--;
    if (!over && answersUnderWay == WINDOW - 1) {
      inContext(() -> Objects.requireNonNull(handler).onReady());
    }
  }

  @Override
  public void close(Status status, Metadata trailers) {
    if (closed) {
      events.fail(call + " is closed twice, by " + status, null);
    }
    closed = true;
    if (!over) {
      endedAt = events.now();
      toClient.send(() -> call.endClient(status, trailers));
      process.after(network.delay(), this::completed);
    }
  }

  @Override
  public boolean isCancelled() {
    return over && !closed;
  }

  @Override
  public MethodDescriptor<Q, A> getMethodDescriptor() {
    return definition.getMethodDescriptor();
  }

  @Override
  public Attributes getAttributes() {
    return Attributes.EMPTY;
  }
}
