package dev.baton.cluster.process;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.function.Supplier;

/** HTTP for operators. */
public final class AdminServer implements AutoCloseable {
  private AdminServer() {}

  /** Starts. */
  public static AdminServer start(
      String host, int port, PrometheusMeterRegistry registry, Supplier<Readiness> readiness) {
    throw new UnsupportedOperationException();
  }

  /** The port. */
  public int port() {
    throw new UnsupportedOperationException();
  }

  @Override
  public void close() {
    throw new UnsupportedOperationException();
  }
}
