package dev.baton.cli.profile;

import dev.baton.cluster.phase.DeterministicQueue;
import dev.baton.cluster.phase.Phase;
import dev.baton.cluster.phase.PhaseModel;
import dev.baton.cluster.phase.StepTime;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What a request takes on a prefill and a decode worker, by name, in seconds, joules and US
 * dollars; nothing that is not known.
 *
 * @param fields by name, in the order of a request's way
 */
record Prediction(Map<String, Object> fields) {
  static Prediction of(PhaseModel prefill, PhaseModel decode, Workload workload) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("prefill_hardware", prefill.chips() + " x " + prefill.profile().name());
    fields.put("decode_hardware", decode.chips() + " x " + decode.profile().name());
    fields.put("model", prefill.model().name());
    int newTokens = workload.prompt() - workload.cached();
    StepTime read = prefill.prefill(newTokens, workload.cached());
    double wait = new DeterministicQueue(workload.rate(), read.total()).meanWaitSeconds();
    if (workload.rate() > 0) {
      // An overloaded queue has no mean wait, and JSON no infinity.
      fields.put("prefill_queue_seconds", Double.isFinite(wait) ? wait : "unbounded");
    }
    step(fields, "prefill", read);
    long kvBytes = prefill.kvBytes(workload.prompt());
    double transfer = prefill.transferSeconds(kvBytes, decode);
    double visible = prefill.visibleTransferSeconds(transfer, read.total());
    fields.put("kv_bytes", kvBytes);
    fields.put("transfer_seconds", transfer);
    fields.put("transfer_visible_seconds", visible);
    long context = workload.batch() * (workload.prompt() + workload.output() / 2L);
    StepTime write = decode.decodeStep(workload.batch(), context);
    step(fields, "decode_step", write);
    double ttft = wait + read.total() + visible;
    double writing = (workload.output() - 1) * write.total();
    if (Double.isFinite(ttft)) {
      fields.put("ttft_seconds", ttft);
      fields.put("end_to_end_seconds", ttft + writing);
    }
    fields.put("tpot_seconds", write.total());
    fields.put("decode_kv_capacity_tokens", decode.kvCapacityTokens());
    double share = writing / workload.batch();
    put(fields, "prefill_joules", prefill.joules(Phase.PREFILL, read.total()));
    put(fields, "decode_joules", decode.joules(Phase.DECODE, share));
    put(fields, "prefill_dollars", prefill.dollars(read.total()));
    put(fields, "decode_dollars", decode.dollars(share));
    return new Prediction(fields);
  }

  private static void step(Map<String, Object> fields, String name, StepTime step) {
    fields.put(name + "_compute_seconds", step.compute());
    fields.put(name + "_memory_seconds", step.memory());
    fields.put(name + "_communication_seconds", step.communication());
    fields.put(name + "_overhead_seconds", step.overhead());
    fields.put(name + "_seconds", step.total());
    fields.put(name + "_measured", step.measured());
  }

  private static void put(Map<String, Object> fields, String name, OptionalDouble value) {
    value.ifPresent(each -> fields.put(name, each));
  }

  /** For people: a line each, seconds as milliseconds. */
  String table() {
    StringBuilder table = new StringBuilder();
    fields.forEach((name, value) -> {
      boolean seconds = name.endsWith("_seconds");
      String label = (seconds ? name.substring(0, name.lastIndexOf('_')) : name).replace('_', ' ');
      String shown =
          value instanceof Double number
              ? String.format(
                  Locale.ROOT, seconds ? "%.3f ms" : "%.6g", seconds ? number * 1e3 : number)
              : value.toString();
      table.append(String.format(Locale.ROOT, "%-28s %s%n", label, shown));
    });
    return table.toString();
  }
}
