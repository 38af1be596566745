package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.PushReply;
import io.grpc.Attributes;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import java.io.ByteArrayInputStream;
import java.util.ArrayDeque;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * A stream of Push over a network that delays and breaks. As over TCP, what one side sends arrives
 * in order or not at all; between streams there is no order. A broken stream may tell either side,
 * late, or never. Bytes go through the service's own marshaller and handler.
 */
final class SimulatedStream extends ServerCall<PushMessage, PushReply> {
  private static final long MOST_DELAY = 20_000_000;
  private static final int WINDOW = 4;

  /** How much later than the last message the last plane in the ring may have been taken. */
  private static final long RING_NANOS = 1_000_000;

  private final SimulatedTime time;
  private final Random random;
  private final SimulatedProcess client;
  private final SimulatedProcess server;
  private final PushCall.Events events;
  private final ServerMethodDefinition<PushMessage, PushReply> method;
  private final Listener<PushMessage> listener;
  private final ArrayDeque<Runnable> inbox = new ArrayDeque<>();

  private long lastToServer;
  private long lastToClient;
  private int inFlight;
  private int requested;
  private final long begun;

  /** When any stream of the handoff last brought a message. */
  private final long[] lastSign;

  private boolean cut;
  private boolean clientOver;
  private boolean serverTold;
  private @Nullable Status closed;

  // The service was bound with these types: its definition forgets them.
  @SuppressWarnings("unchecked")
  SimulatedStream(
      SimulatedTime time,
      Random random,
      SimulatedProcess client,
      SimulatedProcess server,
      HandoffReceiver receiver,
      long[] lastSign,
      PushCall.Events events) {
    this.time = time;
    this.random = random;
    this.client = client;
    this.server = server;
    this.events = events;
    this.begun = time.now();
    this.lastSign = lastSign;
    this.method =
        (ServerMethodDefinition<PushMessage, PushReply>)
            receiver.bindService().getMethods().iterator().next();
    this.listener = method.getServerCallHandler().startCall(this, new Metadata());
  }

  /** Whether the sender may send a plane. */
  boolean hasRoom() {
    return inFlight < WINDOW;
  }

  /** The sender sends. */
  void send(byte[] message) {
    inFlight++;
    toServer(() -> {
      requested--;
      inFlight--;
      lastSign[0] = time.now();
      listener.onMessage(
          method.getMethodDescriptor().parseRequest(new ByteArrayInputStream(message)));
      toClient(events::room);
    });
  }

  /** The sender has said everything. */
  void halfClose() {
    lastToServer = Math.max(lastToServer, time.now()) + random.nextLong(MOST_DELAY);
    server.at(
        lastToServer,
        () -> {
          if (!cut) {
            inbox.add(listener::onHalfClose);
            deliver();
          }
        });
  }

  /** The sender gives up; the receiver hears of it if the stream still carries anything. */
  void cancel() {
    clientOver = true;
    lastToServer = Math.max(lastToServer, time.now()) + random.nextLong(MOST_DELAY);
    server.at(lastToServer, this::tellServerOfEnd);
  }

  /**
   * The network breaks the stream: nothing arrives any more. Each side hears of it, or does not.
   */
  void cut() {
    if (cut) {
      return;
    }
    cut = true;
    if (random.nextBoolean()) {
      client.at(
          time.now() + random.nextLong(MOST_DELAY),
          () -> endClient(Status.UNAVAILABLE, new Metadata()));
    }
    if (random.nextBoolean()) {
      server.at(time.now() + random.nextLong(MOST_DELAY), this::tellServerOfEnd);
    }
  }

  private void toServer(Runnable arrival) {
    lastToServer = Math.max(lastToServer, time.now()) + random.nextLong(MOST_DELAY);
    server.at(
        lastToServer,
        () -> {
          if (!cut) {
            inbox.add(arrival);
            deliver();
          }
        });
  }

  private void toClient(Runnable arrival) {
    lastToClient = Math.max(lastToClient, time.now()) + random.nextLong(MOST_DELAY);
    client.at(
        lastToClient,
        () -> {
          if (!cut && !clientOver) {
            arrival.run();
          }
        });
  }

  private void deliver() {
    while (!inbox.isEmpty() && closed == null && !serverTold && requested > 0) {
      inbox.remove().run();
    }
  }

  private void endClient(Status status, Metadata trailers) {
    if (!clientOver) {
      clientOver = true;
      events.ended(
          status.isOk()
              ? HandoffException.lost("the receiver ended the stream before Ack", null)
              : HandoffException.from(status.asRuntimeException(trailers)));
    }
  }

  private void tellServerOfEnd() {
    if (!serverTold) {
      serverTold = true;
      if (closed == null) {
        listener.onCancel();
      } else {
        listener.onComplete();
      }
    }
  }

  /** Whether the receiver has borne the sender's silence for longer than it should. */
  boolean isOverdue() {
    long since = Math.max(Math.max(begun, lastSign[0]), server.frozenUntil());
    return !serverTold
        && closed == null
        && !server.isDead()
        && time.now() - since > HandoffSimulation.STALL_LIMIT.toNanos() + RING_NANOS;
  }

  @Override
  public void request(int messages) {
    requested += messages;
  }

  @Override
  public void sendHeaders(Metadata headers) {}

  @Override
  public void sendMessage(PushReply reply) {
    toClient(() -> events.reply(reply));
  }

  @Override
  public void close(Status status, Metadata trailers) {
    if (closed != null) {
      throw new AssertionError("closed twice: " + closed + ", then " + status);
    }
    closed = status;
    toClient(() -> endClient(status, trailers));
    server.at(time.now() + random.nextLong(MOST_DELAY), this::tellServerOfEnd);
  }

  @Override
  public boolean isCancelled() {
    return serverTold && closed == null;
  }

  @Override
  public MethodDescriptor<PushMessage, PushReply> getMethodDescriptor() {
    return method.getMethodDescriptor();
  }

  @Override
  public Attributes getAttributes() {
    return Attributes.EMPTY;
  }
}
