package dev.baton.cluster.process;

import io.grpc.BindableService;
import java.time.Duration;
import java.util.List;

/** A gRPC server. */
public final class GrpcServer implements AutoCloseable {
  /** Largest message by default. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 16 << 20;

  private GrpcServer() {}

  /** Starts with the default message size. */
  public static GrpcServer start(String host, int port, List<? extends BindableService> services) {
    return start(host, port, services, DEFAULT_MAX_MESSAGE_BYTES);
  }

  /** Starts. */
  public static GrpcServer start(
      String host, int port, List<? extends BindableService> services, int maxMessageBytes) {
    throw new UnsupportedOperationException();
  }

  /** The port. */
  public int port() {
    throw new UnsupportedOperationException();
  }

  /** Says NOT_SERVING, takes no new calls, waits for the others this long, then cancels them. */
  public void close(Duration grace) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
