package dev.baton.system;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A TCP proxy on loopback that lets a limited number of bytes towards its target, or from it, pass
 * and then holds the rest, without closing anything: a network that went silent.
 */
final class StallingProxy implements AutoCloseable {
  private final ServerSocket server;
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final int target;
  private final boolean holdsReplies;

  // Guarded by this.
  private long budget;
  private int held;

  /** Forwards to this port on loopback; nothing passes yet. */
  StallingProxy(int target) throws IOException {
    this(target, false);
  }

  private StallingProxy(int target, boolean holdsReplies) throws IOException {
    this.target = target;
    this.holdsReplies = holdsReplies;
    server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
    Thread.ofPlatform().daemon().start(this::accept);
  }

  /** Limits what comes from its target instead; nothing of that passes yet. */
  static StallingProxy ofReplies(int target) throws IOException {
    return new StallingProxy(target, true);
  }

  int port() {
    return server.getLocalPort();
  }

  /** Lets {@code bytes} bytes pass towards the target from now on, over all connections. */
  synchronized void allow(long bytes) {
    budget = bytes;
    notifyAll();
  }

  /** Lets everything pass. */
  void allowAll() {
    allow(Long.MAX_VALUE);
  }

  /** Whether bytes arrived that may not pass. */
  synchronized boolean holding() {
    return held > 0;
  }

  private synchronized void spend(int bytes) throws InterruptedException {
    held++;
    while (budget < bytes) {
      wait();
    }
    held--;
    budget -= bytes;
  }

  private void accept() {
    try {
      while (true) {
        Socket near = server.accept();
        sockets.add(near);
        Thread.ofPlatform().daemon().start(() -> connect(near));
      }
    } catch (IOException closed) {
      // the proxy was closed
    }
  }

  private void connect(Socket near) {
    try {
      Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
      sockets.add(far);
      Thread.ofPlatform().daemon().start(() -> copy(far, near, holdsReplies));
      copy(near, far, !holdsReplies);
    } catch (IOException unreachable) {
      try {
        near.close();
      } catch (IOException closed) {
        // it was closed already
      }
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
          spend(n);
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
    allowAll();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
