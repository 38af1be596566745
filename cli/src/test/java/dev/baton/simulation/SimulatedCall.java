package dev.baton.simulation;

import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import io.grpc.Attributes;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One gRPC call between two processes, both sides of it.
 *
 * <ul>
 *   <li>Each side hears one thing at a time, in order, on threads of its process; its end once, and
 *       nothing after it.
 *   <li>The deadline ends both sides, each by its own clock; the client's context ends the client's
 *       side, and with it the server's if that is still reached.
 *   <li>Either side has room while less than a window was sent that the other did not take in.
 * </ul>
 */
final class SimulatedCall<Q, A> extends ClientCall<Q, A> {
  private static final int WINDOW = 4;
  private static final int ANSWERS_WINDOW = 16;

  private final Network network;
  private final Events events;
  private final SimulatedProcess client;
  private final String address;
  private final MethodDescriptor<Q, A> method;
  private final long deadline;
  private final boolean refused;
  private final Context context = Context.current();
  private final Context.CancellationListener giveUp = this::contextEnded;
  private final Lane toServer;
  private final Lane toClient;
  private Runnable alarm = () -> {};
  private @Nullable Listener<A> listener;
  private boolean clientOver;
  private int underWay;
  private @Nullable Serving<?, ?> serving;
  private boolean broken;

  /** {@code refused}: whether it fails at its start. */
  SimulatedCall(
      Network network,
      SimulatedProcess client,
      String address,
      MethodDescriptor<Q, A> method,
      long deadline,
      boolean refused) {
    this.network = network;
    this.events = network.events();
    this.client = client;
    this.address = address;
    this.method = method;
    this.deadline = deadline;
    this.refused = refused;
    this.toServer = new Lane(network);
    this.toClient = new Lane(network);
    toClient.endsAt(client);
  }

  String method() {
    return method.getFullMethodName();
  }

  @Override
  public String toString() {
    return method.getBareMethodName() + " of " + client + " at " + address;
  }

  boolean isBetween(SimulatedProcess one, SimulatedProcess other) {
    Serving<?, ?> by = serving;
    return by != null
        && ((client == one && by.process == other) || (client == other && by.process == one));
  }

  /** Whether this process began it, and did not hear of its end. */
  boolean isBy(SimulatedProcess process) {
    return client == process && !clientOver;
  }

  boolean isOf(SimulatedProcess process) {
    Serving<?, ?> by = serving;
    return client == process || (by != null && by.process == process);
  }

  boolean isOfStatus() {
    return method().equals(WorkerStatusServiceGrpc.getWatchMethod().getFullMethodName());
  }

  @Override
  public void start(Listener<A> responses, Metadata headers) {
    listener = responses;
    network.opened(this);
    if (refused) {
      endClient(Status.UNAVAILABLE.withDescription("the channel is shut down"), new Metadata());
      return;
    }
    if (deadline < Long.MAX_VALUE) {
      alarm =
          client.after(
              deadline - events.now(),
              () -> giveUp(Status.DEADLINE_EXCEEDED.withDescription("the deadline passed")));
    }
    context.addListener(giveUp, Runnable::run);
    events.at(toServer.nextArrival(), this::connect);
  }

  private void contextEnded(Context ended) {
    giveUp(Contexts.statusFromCancelled(ended));
  }

  private void connect() {
    Network.Host host = network.at(address);
    if (host == null) {
      client.after(
          network.delay(),
          () ->
              endClient(
                  Status.UNAVAILABLE.withDescription("nobody listens at " + address),
                  new Metadata()));
      return;
    }
    if (!network.connects(client, host.process())) {
      breakOff();
      return;
    }
    if (clientOver) {
      // Its cancellation overtakes nothing: the server never hears of it.
      return;
    }
    ServerMethodDefinition<?, ?> definition = host.methods().get(method());
    if (definition == null) {
      events.fail("nobody serves " + method() + " at " + address, null);
      return;
    }
    serving = new Serving<>(host.process(), definition);
    toServer.beginWith(host.process(), serving::begin);
  }

  @Override
  public void request(int messages) {
    toClient.request(messages);
  }

  @Override
  public boolean isReady() {
    return !clientOver && underWay < WINDOW;
  }

  @Override
  public void sendMessage(Q message) {
    if (clientOver) {
      return;
    }
    byte[] bytes = bytes(method.streamRequest(message));
    underWay++;
    toServer.sendMessage(() -> {
      Objects.requireNonNull(serving).take(bytes);
      toClient.send(this::taken);
    });
  }

  private void taken() {
    underWay--;
    if (!clientOver && underWay == WINDOW - 1) {
      Objects.requireNonNull(listener).onReady();
    }
  }

  @Override
  public void halfClose() {
    toServer.send(() -> Objects.requireNonNull(serving).halfClosed());
  }

  @Override
  public void cancel(@Nullable String message, @Nullable Throwable cause) {
    giveUp(Status.CANCELLED.withDescription(message).withCause(cause));
  }

  private void giveUp(Status why) {
    if (!clientOver && listener != null) {
      endClient(why, new Metadata());
      toServer.send(() -> {
        if (serving != null) {
          serving.cancelled();
        }
      });
    }
  }

  private void endClient(Status status, Metadata trailers) {
    if (clientOver) {
      return;
    }
    clientOver = true;
    alarm.run();
    context.removeListener(giveUp);
    events.note(() -> this + " ends: " + status.getCode() + " " + status.getDescription());
    toClient.endWith(() -> Objects.requireNonNull(listener).onClose(status, trailers));
    leaveIfOver();
  }

  private void leaveIfOver() {
    if (clientOver && (serving == null || serving.over)) {
      network.over(this);
    }
  }

  /** The network breaks it: nothing arrives any more, and each side hears of it early or late. */
  void breakOff() {
    if (broken) {
      return;
    }
    broken = true;
    events.note(() -> this + " is broken off");
    toServer.cut();
    toClient.cut();
    Status why = Status.UNAVAILABLE.withDescription("the connection broke");
    client.after(network.silence(), () -> endClient(why, new Metadata()));
    Serving<?, ?> by = serving;
    if (by != null) {
      by.process.after(network.silence(), by::cancelled);
    }
  }

  /** A process has died; the other side hears of it, after what arrives before. */
  void died(SimulatedProcess process) {
    Serving<?, ?> by = serving;
    if (client == process) {
      clientOver = true;
      alarm.run();
      if (by != null) {
        by.process.after(toServer.nextArrival() - events.now() + lateness(), by::cancelled);
      }
      leaveIfOver();
    } else if (by != null && by.process == process) {
      by.over = true;
      Status why = Status.UNAVAILABLE.withDescription("the connection was reset");
      client.after(
          toClient.nextArrival() - events.now() + lateness(), () -> endClient(why, new Metadata()));
    }
  }

  private long lateness() {
    return events.chance(80) ? 0 : network.silence();
  }

  /** When the server took in what it is asked; not yet: {@link Long#MAX_VALUE}. */
  long serverBegunAt() {
    return Objects.requireNonNull(serving).begunAt;
  }

  /** When the server has done what it does at the end; not yet: {@link Long#MAX_VALUE}. */
  long serverEndedAt() {
    return serving == null ? Long.MAX_VALUE : serving.endedAt;
  }

  private static byte[] bytes(InputStream stream) {
    try (stream) {
      // All of it is there: what is made of messages knows its length.
      return stream.readNBytes(stream.available());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The server's side; types as the service was bound with them. */
  private final class Serving<P, R> extends ServerCall<P, R> {
    private final SimulatedProcess process;
    private final ServerMethodDefinition<P, R> definition;
    private Context.@Nullable CancellableContext served;
    private ServerCall.@Nullable Listener<P> handler;
    private int answersUnderWay;
    private boolean closed;
    private boolean over;
    private long begunAt = Long.MAX_VALUE;
    private long endedAt = Long.MAX_VALUE;

    Serving(SimulatedProcess process, ServerMethodDefinition<P, R> definition) {
      this.process = process;
      this.definition = definition;
    }

    void begin() {
      network.serves(process, SimulatedCall.this);
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
        begunAt = Math.min(begunAt, events.now());
        P parsed = definition.getMethodDescriptor().parseRequest(new ByteArrayInputStream(message));
        if (parsed instanceof DecodeRequest asked) {
          network.fence().asked(SimulatedCall.this, asked);
        }
        network
            .fence()
            .taking(
                SimulatedCall.this,
                process,
                message,
                () -> inContext(() -> Objects.requireNonNull(handler).onMessage(parsed)));
      }
    }

    void halfClosed() {
      if (!over) {
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
        leaveIfOver();
      }
    }

    private void completed() {
      if (!over) {
        over = true;
        toServer.endWith(() -> {
          inContext(() -> Objects.requireNonNull(handler).onComplete());
          Objects.requireNonNull(served).cancel(null);
        });
        leaveIfOver();
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
      return !over && answersUnderWay < ANSWERS_WINDOW;
    }

    @Override
    public void sendMessage(R answer) {
      if (over) {
        return;
      }
      if (closed) {
        events.fail(SimulatedCall.this + " is answered after its end", null);
      }
      byte[] bytes = bytes(definition.getMethodDescriptor().streamResponse(answer));
      network.fence().answering(SimulatedCall.this, process, answer);
      answersUnderWay++;
      toClient.sendMessage(() -> {
        if (!clientOver) {
          Objects.requireNonNull(listener)
              .onMessage(method.parseResponse(new ByteArrayInputStream(bytes)));
          toServer.send(this::answerTaken);
        }
      });
    }

    private void answerTaken() {
      answersUnderWay--;
      if (!over && answersUnderWay == ANSWERS_WINDOW - 1) {
        inContext(() -> Objects.requireNonNull(handler).onReady());
      }
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (closed) {
        events.fail(SimulatedCall.this + " is closed twice, by " + status, null);
      }
      closed = true;
      if (!over) {
        endedAt = events.now();
        toClient.send(() -> endClient(status, trailers));
        process.after(network.delay(), this::completed);
      }
    }

    @Override
    public boolean isCancelled() {
      return over && !closed;
    }

    @Override
    public MethodDescriptor<P, R> getMethodDescriptor() {
      return definition.getMethodDescriptor();
    }

    @Override
    public Attributes getAttributes() {
      return Attributes.EMPTY;
    }
  }
}
