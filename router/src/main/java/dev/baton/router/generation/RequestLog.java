package dev.baton.router.generation;

import dev.baton.cluster.process.RequestScope;
import dev.baton.proto.v1.Route;
import dev.baton.proto.v1.Usage;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/** One line in the log for each request that is over: its whole account. */
final class RequestLog {
  private static final Logger LOG = LoggerFactory.getLogger(RequestLog.class);

  private RequestLog() {}

  static void over(String id, String door, Account account, Ending ending) {
    Usage usage = ending.usage();
    Route route = usage.getRoute();
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("outcome", ending.outcome());
    fields.put("door", door);
    fields.put("phase", ending.phase());
    fields.put("prefill_worker", route.getPrefillWorker());
    fields.put("decode_worker", route.getDecodeWorker());
    fields.put("prompt_tokens", usage.getPromptTokens());
    fields.put("cached_tokens", usage.getCachedTokens());
    fields.put("completion_tokens", usage.getCompletionTokens());
    fields.put("blocks_moved", route.getBlocksMoved());
    fields.put("blocks_present", route.getBlocksPresent());
    fields.put("bytes_moved", route.getBytesMoved());
    fields.put("pulled_tokens", route.getPulledTokens());
    fields.put("local_prefill", route.getLocalPrefill());
    fields.put("transfer_ms", route.getTransferUs() / 1e3);
    fields.put("visible_transfer_ms", route.getVisibleTransferUs() / 1e3);
    if (route.hasPrefillJoules()) {
      fields.put("prefill_joules", route.getPrefillJoules());
    }
    if (route.hasDecodeJoules()) {
      fields.put("decode_joules", route.getDecodeJoules());
    }
    fields.put("total_ms", millis(account.total()));
    account.admission().ifPresent(time -> fields.put("admission_ms", millis(time)));
    account.queue().ifPresent(queue -> fields.put("queue_ms", millis(queue)));
    account.ttft().ifPresent(ttft -> fields.put("ttft_ms", millis(ttft)));
    account.tpot(ending.longestChoice()).ifPresent(tpot -> fields.put("tpot_ms", millis(tpot)));
    ending
        .predicted()
        .ifPresent(predicted -> {
          fields.put("predicted_ttft_ms", predicted.ttftSeconds() * 1e3);
          fields.put("predicted_tpot_ms", predicted.tpotSeconds() * 1e3);
          account
              .ttftSinceAdmitted()
              .ifPresent(seen -> fields.put("ttft_since_admitted_ms", millis(seen)));
        });
    ending
        .error()
        .ifPresent(error -> {
          fields.put("code", error.code().name());
          fields.put("error", error.getMessage());
        });
    try (RequestScope _ = RequestScope.open(id)) {
      LoggingEventBuilder line = LOG.atInfo();
      for (Map.Entry<String, Object> field : fields.entrySet()) {
        line = line.addKeyValue(field.getKey(), field.getValue());
      }
      line.log("request {}", ending.outcome());
    }
  }

  private static double millis(Duration time) {
    return time.toNanos() / 1e6;
  }
}
