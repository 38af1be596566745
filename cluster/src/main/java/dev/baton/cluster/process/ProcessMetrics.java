package dev.baton.cluster.process;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** Metrics of a process. */
public final class ProcessMetrics {
  private ProcessMetrics() {}

  /** A registry. */
  public static PrometheusMeterRegistry registry(String role, String id) {
    throw new UnsupportedOperationException();
  }
}
