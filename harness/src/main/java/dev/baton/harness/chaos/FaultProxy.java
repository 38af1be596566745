package dev.baton.harness.chaos;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * A TCP proxy on loopback between one server and whoever comes to it, which does to the bytes what
 * a bad network does.
 *
 * <ul>
 *   <li>One fault at a time; it holds for all connections from {@link #apply} to {@link #heal}, but
 *       {@link WireFault.Reset} and {@link WireFault.Truncation}, which hit the connections that
 *       there are at that moment.
 *   <li>It stays at its port while the server behind it goes away and comes back: meanwhile it
 *       resets whoever connects.
 *   <li>{@link #close} ends everything.
 * </ul>
 *
 * <p>Safe for use by many threads.
 */
public final class FaultProxy implements AutoCloseable {
  private static final int BACKLOG = 128;

  private final ServerSocket server;
  private final int target;
  private final Set<ProxiedConnection> connections = new HashSet<>();
  private WireFault fault = new WireFault.None();
  private SplittableRandom random = new SplittableRandom(0);
  private int accepted;
  private long frames;
  private long flipped;
  private boolean closed;

  private FaultProxy(ServerSocket server, int target) {
    this.server = server;
    this.target = target;
  }

  /** Forwards to this port of loopback, from a free one. */
  public static FaultProxy to(int target) {
    try {
      FaultProxy proxy =
          new FaultProxy(new ServerSocket(0, BACKLOG, InetAddress.ofLiteral("127.0.0.1")), target);
      Thread.ofVirtual().name("proxy-accept").start(proxy::accept);
      return proxy;
    } catch (IOException noPort) {
      throw new UncheckedIOException(noPort);
    }
  }

  /** host:port to connect to. */
  public String endpoint() {
    return "127.0.0.1:" + port();
  }

  /** The port to connect to. */
  public int port() {
    return server.getLocalPort();
  }

  /** Does this from now on, instead of what it did before. */
  public synchronized void apply(WireFault next) {
    fault = next;
    List<ProxiedConnection> now = List.copyOf(connections);
    switch (next) {
      case WireFault.Reset _ -> now.forEach(ProxiedConnection::reset);
      case WireFault.Truncation(long afterBytes) -> now.forEach(each -> each.cutAfter(afterBytes));
      case WireFault.BitFlips(int _, long seed) -> random = new SplittableRandom(seed);
      case WireFault.None _,
          WireFault.Latency _,
          WireFault.Bandwidth _,
          WireFault.HalfOpen _,
          WireFault.Reordering _ -> {}
    }
    notifyAll();
  }

  /** Passes everything as it is. */
  public void heal() {
    apply(new WireFault.None());
  }

  /** Frames of KV that passed so far. */
  public synchronized long frames() {
    return frames;
  }

  /** Bits flipped so far. */
  public synchronized long flipped() {
    return flipped;
  }

  /** What to do to the next bytes; waits while none may pass. */
  synchronized WireFault awaitPassage() throws InterruptedException {
    while (fault instanceof WireFault.HalfOpen && !closed) {
      wait();
    }
    return fault;
  }

  /** A frame of KV is about to pass. */
  synchronized void frame(byte[] buffer, int from, int to) {
    frames++;
    if (fault instanceof WireFault.BitFlips(int oneIn, long _) && random.nextInt(oneIn) == 0) {
      buffer[from + random.nextInt(to - from)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
      flipped++;
    }
  }

  synchronized void ended(ProxiedConnection connection) {
    connections.remove(connection);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket near = server.accept();
        Thread.ofVirtual().name("proxy-connect").start(() -> connect(near));
      } catch (IOException noMore) {
        return; // the proxy was closed
      }
    }
  }

  private void connect(Socket near) {
    try {
      Socket far = new Socket(InetAddress.ofLiteral("127.0.0.1"), target);
      begin(near, far);
    } catch (IOException nobodyThere) {
      try (near) {
        near.setSoLinger(true, 0);
      } catch (IOException gone) {
        // it did not wait for that
      }
    }
  }

  private synchronized void begin(Socket near, Socket far) throws IOException {
    ProxiedConnection connection = new ProxiedConnection(this, accepted++, near, far);
    if (closed) {
      connection.reset();
      return;
    }
    connections.add(connection);
    connection.start();
  }

  /** Resets all connections, and takes no more. Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
    try {
      server.close();
    } catch (IOException alreadyClosed) {
      // which is what is wanted
    }
    List.copyOf(connections).forEach(ProxiedConnection::reset);
    notifyAll();
  }
}
