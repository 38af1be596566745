package dev.baton.cli.bench;

import dev.baton.cli.bench.TransferRun.Measured;
import dev.baton.cli.bench.TransferRun.Result;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What {@code baton bench transfer} prints. CPU and whole handoff without a wire's name are of the
 * fastest wire that was measured; a hand-over is through the ring where that was measured.
 */
record TransferReport(TransferCell cell, TransferOptions options, Result result) {
  /** The fields of the only report, or of each in {@code cells}. */
  static Map<String, Object> fields(List<TransferReport> reports) {
    return reports.size() == 1
        ? reports.getFirst().fields()
        : Map.of("cells", reports.stream().map(TransferReport::fields).toList());
  }

  /** For {@code --json}: numbers only, nothing that was not measured. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("plane_bytes", cell.plane());
    fields.put("pool_bytes", options.pool());
    fields.put("bytes", options.bytes());
    fields.put("handoff_bytes", options.handoff());
    fields.put("rounds", options.rounds());
    fields.put("streams", cell.streams());
    fields.put("parallel", options.parallel());
    result
        .cases()
        .forEach((each, measured) -> put(fields, each.label() + "_gbps", measured.gbps()));
    ratio(fields, "grpc_to_socket_tcp", TransferCase.GRPC_TCP, TransferCase.SOCKET_TCP);
    ratio(fields, "grpc_to_socket_uds", TransferCase.GRPC_UNIX, TransferCase.SOCKET_UNIX);
    put(fields, "memcpy_gbps", result.memcpy());
    if (!result.ring().isEmpty()) {
      put(fields, "ring_gbps", result.ring());
      put(fields, "ring_to_memcpy", result.ring().dividedBy(result.memcpy()));
    }
    Measured shared = result.cases().get(TransferCase.SHM);
    if (shared != null) {
      put(fields, "shm_to_memcpy", shared.gbps().dividedBy(result.memcpy()));
    }
    result
        .cases()
        .forEach((each, measured) -> {
          fields.put(each.label() + "_cpu_s_per_gb_send", round(measured.sendCpu().median()));
          fields.put(each.label() + "_cpu_s_per_gb_receive", round(measured.receiveCpu().median()));
        });
    result
        .handOver()
        .forEach((each, micros) -> {
          latency(fields, each.label() + "_handover_256k", micros);
        });
    latency(fields, "ring_handover_256k", result.ringHandOver());
    latency(fields, "control_idle", result.controlIdle());
    latency(fields, "control_busy", result.controlBusy());
    result.iperf3().ifPresent(gbps -> fields.put("iperf3_gbps", round(gbps)));
    for (TransferCase each :
        List.of(TransferCase.SHM, TransferCase.GRPC_UNIX, TransferCase.GRPC_TCP)) {
      Measured measured = result.cases().get(each);
      Series handOver = result.handOver().get(each);
      if (measured != null) {
        fields.put("cpu_s_per_gb_send", round(measured.sendCpu().median()));
        fields.put("cpu_s_per_gb_receive", round(measured.receiveCpu().median()));
        if (handOver != null) {
          latency(fields, "whole_handoff_256k", handOver);
          latency(
              fields,
              "handover_256k",
              result.ringHandOver().isEmpty() ? handOver : result.ringHandOver());
        }
        break;
      }
    }
    return fields;
  }

  /** For people. */
  String table() {
    List<String> lines = new ArrayList<>();
    lines.add("planes of %d KiB, %d streams".formatted(cell.plane() >> 10, cell.streams()));
    lines.add(
        "                 GB/s (least - most)     CPU s/GB  send  receive   256 KiB handoff, p50 / p99 us");
    result
        .cases()
        .forEach((each, measured) -> {
          Series micros = result.handOver().get(each);
          lines.add(
              String.format(
                  Locale.ROOT,
                  "%-12s  %7.2f (%5.2f - %5.2f)         %8.2f %8.2f   %s",
                  each.label(),
                  measured.gbps().median(),
                  measured.gbps().least(),
                  measured.gbps().most(),
                  measured.sendCpu().median(),
                  measured.receiveCpu().median(),
                  micros == null
                      ? ""
                      : String.format(
                          Locale.ROOT, "%.0f / %.0f", micros.median(), micros.quantile(0.99))));
        });
    lines.add(speed("memory copy", result.memcpy()));
    ratioLine(
        lines, "handoff / plain socket, TCP ", TransferCase.GRPC_TCP, TransferCase.SOCKET_TCP);
    ratioLine(
        lines, "handoff / plain socket, Unix", TransferCase.GRPC_UNIX, TransferCase.SOCKET_UNIX);
    if (!result.controlIdle().isEmpty()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "control message, p50 / p99 us: idle %.0f / %.0f, while KV flows %.0f / %.0f",
              result.controlIdle().median(),
              result.controlIdle().quantile(0.99),
              result.controlBusy().median(),
              result.controlBusy().quantile(0.99)));
    }
    result
        .iperf3()
        .ifPresent(gbps -> lines.add(String.format(Locale.ROOT, "iperf3, TCP: %.2f GB/s", gbps)));
    Measured shared = result.cases().get(TransferCase.SHM);
    if (!result.ring().isEmpty()) {
      lines.add(speed("ring", result.ring()));
      lines.add(line("ring / memory copy          ", result.ring().dividedBy(result.memcpy())));
    }
    if (!result.ringHandOver().isEmpty()) {
      lines.add(
          String.format(
              Locale.ROOT,
              "256 KiB through the ring, open on both sides, p50 / p99 us: %.0f / %.0f",
              result.ringHandOver().median(),
              result.ringHandOver().quantile(0.99)));
    }
    if (shared != null) {
      lines.add(line("shared memory / memory copy ", shared.gbps().dividedBy(result.memcpy())));
    }
    return String.join("\n", lines);
  }

  private static String speed(String name, Series gbps) {
    return String.format(
        Locale.ROOT,
        "%-12s  %7.2f (%5.2f - %5.2f)",
        name,
        gbps.median(),
        gbps.least(),
        gbps.most());
  }

  private static void latency(Map<String, Object> fields, String name, Series micros) {
    if (!micros.isEmpty()) {
      fields.put(name + "_p50_us", round(micros.median()));
      fields.put(name + "_p99_us", round(micros.quantile(0.99)));
    }
  }

  private void ratio(
      Map<String, Object> fields, String name, TransferCase ours, TransferCase plain) {
    Series ratios = ratios(ours, plain);
    if (!ratios.isEmpty()) {
      put(fields, name, ratios);
    }
  }

  private void ratioLine(List<String> lines, String name, TransferCase ours, TransferCase plain) {
    Series ratios = ratios(ours, plain);
    if (!ratios.isEmpty()) {
      lines.add(line(name, ratios));
    }
  }

  private static String line(String name, Series ratios) {
    return String.format(
        Locale.ROOT,
        "%s: %.2f (%.2f - %.2f)",
        name,
        ratios.median(),
        ratios.least(),
        ratios.most());
  }

  private Series ratios(TransferCase ours, TransferCase plain) {
    Measured numerator = result.cases().get(ours);
    Measured denominator = result.cases().get(plain);
    return numerator == null || denominator == null
        ? new Series()
        : numerator.gbps().dividedBy(denominator.gbps());
  }

  private static void put(Map<String, Object> fields, String name, Series series) {
    fields.put(name, round(series.median()));
    fields.put(name + "_least", round(series.least()));
    fields.put(name + "_most", round(series.most()));
  }

  private static double round(double value) {
    return Math.round(value * 1000) / 1000.0;
  }
}
