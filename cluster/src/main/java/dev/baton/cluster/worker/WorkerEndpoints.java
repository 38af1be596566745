package dev.baton.cluster.worker;

import dev.baton.cluster.Endpoint;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Where others reach a worker.
 *
 * @param control host:port of the control services, as advertised: those of its role, status,
 *     health and reflection
 * @param kv host:port where KV goes in and out, as advertised
 * @param admin http://host:port of /metrics, /healthz and /readyz
 */
public record WorkerEndpoints(String control, String kv, String admin) {
  /** Those of a worker that listens on these ports, where nothing else is advertised. */
  static WorkerEndpoints of(WorkerConfig config, int controlPort, int kvPort, int adminPort) {
    return new WorkerEndpoints(
        config.advertised().control().orElseGet(() -> bound(config, controlPort)),
        config.advertised().kv().orElseGet(() -> bound(config, kvPort)),
        "http://" + bound(config, adminPort));
  }

  private static String bound(WorkerConfig config, int port) {
    return new Endpoint(config.host(), port).toString();
  }

  /** By name: "control", "kv" and "admin", in this order. */
  public Map<String, String> byName() {
    Map<String, String> endpoints = new LinkedHashMap<>();
    endpoints.put("control", control);
    endpoints.put("kv", kv);
    endpoints.put("admin", admin);
    return Collections.unmodifiableMap(endpoints);
  }
}
