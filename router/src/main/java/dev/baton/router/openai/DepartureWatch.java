package dev.baton.router.openai;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Notices that a client went away while its request is being served and nothing is written to it.
 *
 * <p>Once a request's body was read, Jetty does not read from an HTTP/1 connection until the
 * response is complete. In between this watch does: end of stream, or a broken connection, is the
 * client's departure (also where it closed only its own direction, as most servers take it). {@link
 * #close} gives the connection back to Jetty and must come before the response is complete; nothing
 * of the watch runs after it.
 *
 * <p>Bytes that arrive meanwhile are a next request sent too early. They are dropped and the
 * connection is closed after this response, which every client must be ready for (RFC 9112, 9.3.2).
 */
final class DepartureWatch implements AutoCloseable {
  private static final int BUFFER = 1024;

  private final AbstractEndPoint endPoint;
  private final HttpConnection connection;
  private final Runnable departed;
  private final Interest interest = new Interest();

  // Both guarded by this.
  private boolean closed;
  private boolean early;

  private DepartureWatch(AbstractEndPoint endPoint, HttpConnection connection, Runnable departed) {
    this.endPoint = endPoint;
    this.connection = connection;
    this.departed = departed;
  }

  /**
   * Watches the client of this request, whose body was read to its end.
   *
   * @param departed called at most once, on a thread of Jetty's
   */
  static DepartureWatch open(HttpServletRequest request, Runnable departed) {
    var metadata = ServletContextRequest.getServletContextRequest(request).getConnectionMetaData();
    if (metadata.getConnection() instanceof HttpConnection connection
        && connection.getEndPoint() instanceof AbstractEndPoint endPoint) {
      DepartureWatch watch = new DepartureWatch(endPoint, connection, departed);
      watch.arm();
      return watch;
    }
    throw new IllegalStateException("not an HTTP/1 connection: " + metadata.getConnection());
  }

  private void arm() {
    // Nobody else reads now; if somebody does, there is nothing to watch and the next write tells.
    var _ = endPoint.tryFillInterested(interest);
  }

  /** Whether a next request was sent too early: the connection must close after this response. */
  synchronized boolean hasEarlyBytes() {
    return early;
  }

  /** Ends the watch. Idempotent. */
  @Override
  public void close() {
    boolean closeConnection;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      closeConnection = early;
    }
    var _ = endPoint.getFillInterest().onFail(new Over());
    if (closeConnection) {
      connection.getGenerator().setPersistent(false);
    }
  }

  private void readable() {
    boolean gone;
    synchronized (this) {
      if (closed) {
        return;
      }
      gone = isAtEnd();
    }
    if (gone) {
      departed.run();
    } else {
      rearm();
    }
  }

  /** Whether the stream is over. Reads what there is. */
  private boolean isAtEnd() {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    try {
      while (true) {
        buffer.clear().flip();
        int read = endPoint.fill(buffer);
        if (read < 0) {
          return true;
        }
        if (read == 0) {
          return false;
        }
        early = true;
      }
    } catch (IOException e) {
      return true;
    }
  }

  private void rearm() {
    synchronized (this) {
      if (!closed) {
        arm();
      }
    }
  }

  private void failed(@Nullable Throwable cause) {
    switch (cause) {
      case Over _ -> {}
      // The connection is quiet, as it should be while the client waits.
      case TimeoutException _ -> rearm();
      case null, default -> {
        boolean tell;
        synchronized (this) {
          tell = !closed;
        }
        if (tell) {
          departed.run();
        }
      }
    }
  }

  private final class Interest implements Callback {
    @Override
    public void succeeded() {
      readable();
    }

    @Override
    public void failed(Throwable cause) {
      DepartureWatch.this.failed(cause);
    }
  }

  private static final class Over extends Exception {
    private static final long serialVersionUID = 1L;

    Over() {
      super("the watch is over", null, false, false);
    }
  }
}
