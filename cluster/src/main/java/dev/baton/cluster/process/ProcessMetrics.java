package dev.baton.cluster.process;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** The registry that a process starts with. */
public final class ProcessMetrics {
  private ProcessMetrics() {}

  /**
   * A registry whose meters all carry {@code role} and {@code worker}, with the meters of JVM and
   * process already in it. The caller closes it.
   *
   * @param role {@code prefill}, {@code decode} or {@code router}
   * @param id the process's id in the cluster
   */
  public static PrometheusMeterRegistry registry(String role, String id) {
    JvmGcMetrics collector = new JvmGcMetrics();
    PrometheusMeterRegistry registry = new ClosingRegistry(collector);
    registry.config().commonTags(Tags.of("role", role, "worker", id));
    new JvmMemoryMetrics().bindTo(registry);
    collector.bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    FunctionCounter.builder(
            "baton.log.lines.dropped", ProcessLogging.class, _ -> ProcessLogging.dropped())
        .description("Log lines that were dropped because stderr was blocked")
        .register(registry);
    return registry;
  }

  /** Takes its listeners off the garbage collector when it is closed. */
  private static final class ClosingRegistry extends PrometheusMeterRegistry {
    private final JvmGcMetrics collector;

    ClosingRegistry(JvmGcMetrics collector) {
      super(PrometheusConfig.DEFAULT);
      this.collector = collector;
    }

    @Override
    public void close() {
      collector.close();
      super.close();
    }
  }
}
