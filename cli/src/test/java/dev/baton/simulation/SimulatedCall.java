package dev.baton.simulation;

import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Objects;
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
  private @Nullable SimulatedServing<?, ?> serving;
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
    SimulatedServing<?, ?> by = serving;
    return by != null
        && ((client == one && by.process() == other) || (client == other && by.process() == one));
  }

  /** Whether this process began it, and did not hear of its end. */
  boolean isBy(SimulatedProcess process) {
    return client == process && !clientOver;
  }

  boolean isOf(SimulatedProcess process) {
    SimulatedServing<?, ?> by = serving;
    return client == process || (by != null && by.process() == process);
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
    serving =
        new SimulatedServing<>(
            this, network, host.process(), definition, toServer, toClient, deadline);
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

  /** The client takes an answer in; false if it is over. */
  boolean hear(byte[] answer) {
    if (!clientOver) {
      Objects.requireNonNull(listener)
          .onMessage(method.parseResponse(new ByteArrayInputStream(answer)));
    }
    return !clientOver;
  }

  /** Ends the client's side, unless it is over. */
  void endClient(Status status, Metadata trailers) {
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

  /** The network forgets it when both sides are over. */
  void leaveIfOver() {
    if (clientOver && (serving == null || serving.isOver())) {
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
    SimulatedServing<?, ?> by = serving;
    if (by != null) {
      by.process().after(network.silence(), by::cancelled);
    }
  }

  /** A process has died; the other side hears of it, after what arrives before. */
  void died(SimulatedProcess process) {
    SimulatedServing<?, ?> by = serving;
    if (client == process) {
      clientOver = true;
      alarm.run();
      if (by != null) {
        by.process().after(toServer.nextArrival() - events.now() + lateness(), by::cancelled);
      }
      leaveIfOver();
    } else if (by != null && by.process() == process) {
      by.died();
      Status why = Status.UNAVAILABLE.withDescription("the connection was reset");
      client.after(
          toClient.nextArrival() - events.now() + lateness(), () -> endClient(why, new Metadata()));
    }
  }

  private long lateness() {
    return events.chance(80) ? 0 : network.silence();
  }

  /** When the server had taken in all that it is asked; not yet: {@link Long#MAX_VALUE}. */
  long serverBegunAt() {
    return Objects.requireNonNull(serving).begunAt();
  }

  /** When the server has done what it does at the end; not yet: {@link Long#MAX_VALUE}. */
  long serverEndedAt() {
    return serving == null ? Long.MAX_VALUE : serving.endedAt();
  }

  static byte[] bytes(InputStream stream) {
    try (stream) {
      // All of it is there: what is made of messages knows its length.
      return stream.readNBytes(stream.available());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
