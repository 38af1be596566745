package dev.baton.harness.chaos;

import java.io.IOException;
import java.net.Socket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** One connection through a {@link FaultProxy}, and its two threads. */
final class ProxiedConnection {
  private static final int PIECE_BYTES = 16 << 10;

  /** A throttled connection writes so many slices a second. */
  private static final int SLICES_PER_SECOND = 20;

  private final FaultProxy proxy;
  private final int number;
  private final Socket near;
  private final Socket far;
  private final AtomicLong passes = new AtomicLong(Long.MAX_VALUE);

  ProxiedConnection(FaultProxy proxy, int number, Socket near, Socket far) {
    this.proxy = proxy;
    this.number = number;
    this.near = near;
    this.far = far;
  }

  void start() throws IOException {
    near.setTcpNoDelay(true);
    far.setTcpNoDelay(true);
    Thread.ofVirtual().name("proxy-out-" + number).start(() -> pump(near, far, true));
    Thread.ofVirtual().name("proxy-in-" + number).start(() -> pump(far, near, false));
  }

  /** Ends it in the middle of what it carries, after so many more bytes. */
  void cutAfter(long bytes) {
    passes.set(bytes);
  }

  /** Ends it now, by a reset. */
  void reset() {
    for (Socket each : new Socket[] {near, far}) {
      try {
        each.setSoLinger(true, 0);
      } catch (IOException closed) {
        continue; // it is over already
      }
      close(each);
    }
  }

  private void pump(Socket from, Socket to, boolean fromClient) {
    KvFrames frames = new KvFrames(fromClient);
    byte[] piece = new byte[PIECE_BYTES];
    try {
      for (int n = from.getInputStream().read(piece);
          n >= 0;
          n = from.getInputStream().read(piece)) {
        frames.piece(piece, n, proxy::frame);
        if (!pass(piece, n, to)) {
          break;
        }
      }
      close(near);
      close(far);
    } catch (IOException broken) {
      reset(); // as the side that broke would have it
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } finally {
      proxy.ended(this);
    }
  }

  /** Whether there may be more. */
  private boolean pass(byte[] piece, int length, Socket to)
      throws IOException, InterruptedException {
    int done = 0;
    while (done < length) {
      WireFault fault = proxy.awaitPassage();
      int slice = length - done;
      switch (fault) {
        case WireFault.Latency(Duration delay) -> Thread.sleep(delay);
        case WireFault.Reordering(Duration delay) -> {
          if (number % 2 == 1) {
            Thread.sleep(delay);
          }
        }
        case WireFault.Bandwidth(long bytesPerSecond) -> {
          slice = Math.clamp(bytesPerSecond / SLICES_PER_SECOND, 1, slice);
          Thread.sleep(Duration.ofNanos(1_000_000_000L * slice / bytesPerSecond));
        }
        case WireFault.None _,
            WireFault.HalfOpen _,
            WireFault.Reset _,
            WireFault.Truncation _,
            WireFault.BitFlips _ -> {}
      }
      long left = passes.getAndAdd(-slice);
      to.getOutputStream().write(piece, done, Math.clamp(left, 0, slice));
      if (left < slice) {
        return false;
      }
      done += slice;
    }
    return true;
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException alreadyClosed) {
      // which is what is wanted
    }
  }
}
