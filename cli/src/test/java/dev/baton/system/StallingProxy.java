package dev.baton.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;

/**
 * A TCP proxy on loopback that lets a limited number of bytes towards its target pass and then
 * holds the rest, without closing anything: a network that went silent.
 */
final class StallingProxy implements AutoCloseable {
  private final ServerSocket server;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final Semaphore budget = new Semaphore(0);
  private volatile int target;

  StallingProxy() throws IOException {
    server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return server.getLocalPort();
  }

  /** Where connections go from now on. */
  void target(int port) {
    target = port;
  }

  /** Lets {@code bytes} more bytes pass towards the target, over all connections. */
  void allow(int bytes) {
    budget.release(bytes);
  }

  /** Takes back what was allowed and not used. */
  void forbid() {
    budget.drainPermits();
  }

  /** Whether bytes arrived that may not pass. */
  boolean holding() {
    return budget.hasQueuedThreads();
  }

  private void accept() {
    try {
      while (true) {
        Socket near = server.accept();
        Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
        sockets.add(near);
        sockets.add(far);
        Thread.ofVirtual().start(() -> copy(near, far, true));
        Thread.ofVirtual().start(() -> copy(far, near, false));
      }
    } catch (IOException closed) {
      // the proxy was closed
    }
  }

  private void copy(Socket from, Socket to, boolean limited) {
    byte[] buffer = new byte[4096];
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        if (limited) {
          budget.acquire(n);
        }
        out.write(buffer, 0, n);
      }
    } catch (IOException | InterruptedException over) {
      // one side closed: both are closed
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    budget.release(Integer.MAX_VALUE / 2);
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
