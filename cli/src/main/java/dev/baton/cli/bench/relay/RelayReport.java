package dev.baton.cli.bench.relay;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@code baton bench router} measured.
 *
 * @param relays tokens through the router
 * @param latencies times by what they are of and the way, "ttft_us_grpc" say
 */
record RelayReport(List<Relay> relays, Map<String, Latency> latencies) {
  /**
   * Streams through the router at once.
   *
   * @param api "grpc" or "sse"
   * @param streams at once
   * @param paced 0 for a flood, else messages per second and stream
   * @param perMessage tokens in a message of the worker
   * @param tokens relayed
   * @param seconds that took
   * @param routerCpuNanos of the router's process
   * @param workerCpuNanos of the stub workers' process
   * @param clientCpuNanos of the measuring process, which is the client
   */
  record Relay(
      String api,
      int streams,
      int paced,
      int perMessage,
      long tokens,
      double seconds,
      long routerCpuNanos,
      long workerCpuNanos,
      long clientCpuNanos) {
    private double micros(long nanos) {
      return round(nanos / 1e3 / tokens);
    }

    Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("api", api);
      fields.put("streams", streams);
      fields.put("mode", paced == 0 ? "flood" : "paced");
      if (paced > 0) {
        fields.put("paced_per_second", paced);
      }
      fields.put("tokens_per_message", perMessage);
      fields.put("tokens", tokens);
      fields.put("tokens_per_second", Math.round(tokens / seconds));
      fields.put("router_cpu_us_per_token", micros(routerCpuNanos));
      fields.put("tokens_per_router_cpu_second", Math.round(tokens * 1e9 / routerCpuNanos));
      fields.put("worker_cpu_us_per_token", micros(workerCpuNanos));
      fields.put("client_cpu_us_per_token", micros(clientCpuNanos));
      return fields;
    }

    String row() {
      return String.format(
          Locale.ROOT,
          "%-5s %7d  %-10s %9d %12d %12d %10.2f %8.2f %8.2f",
          api,
          streams,
          paced == 0 ? "flood" : paced + "/s",
          perMessage,
          Math.round(tokens / seconds),
          Math.round(tokens * 1e9 / routerCpuNanos),
          micros(routerCpuNanos),
          micros(workerCpuNanos),
          micros(clientCpuNanos));
    }
  }

  /** Quantiles in microseconds. */
  record Latency(double p50, double p99) {}

  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    latencies.forEach((name, times) -> {
      fields.put(name + "_p50", round(times.p50()));
      fields.put(name + "_p99", round(times.p99()));
    });
    for (String of : List.of("ttft_us", "token_us")) {
      for (String way : List.of("grpc", "sse")) {
        Latency through = latencies.get(of + "_" + way);
        Latency direct = latencies.get(of + "_direct");
        if (through != null && direct != null) {
          String name = of.replace("_us", "") + "_added_us_" + way;
          fields.put(name + "_p50", round(through.p50() - direct.p50()));
          fields.put(name + "_p99", round(through.p99() - direct.p99()));
        }
      }
    }
    fields.put("relays", relays.stream().map(Relay::fields).toList());
    return fields;
  }

  String table() {
    List<String> lines = new ArrayList<>();
    lines.add("us                          p50        p99");
    latencies.forEach((name, times) ->
        lines.add(
            String.format(
                Locale.ROOT,
                "%-20s %10.0f %10.0f",
                name.replace("_us_", " "),
                times.p50(),
                times.p99())));
    lines.add("");
    lines.add("                                            tokens/s of  us of CPU a token");
    lines.add(
        "api   streams  mode       tok/msg     tokens/s   router CPU     router   worker   client");
    relays.forEach(each -> lines.add(each.row()));
    return String.join("\n", lines);
  }

  private static double round(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
