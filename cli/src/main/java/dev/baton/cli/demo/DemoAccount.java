package dev.baton.cli.demo;

import dev.baton.cli.local.ClusterEndpoints;
import dev.baton.cli.local.DefaultModel;
import dev.baton.cli.shell.Failure;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What the demo showed.
 *
 * @param model name of the model
 * @param randomModel whether its text is noise
 * @param prefillPid process that read the first prompt
 * @param decodePid process that wrote the first answer
 * @param first the first turn
 * @param second the second turn of the same conversation
 */
record DemoAccount(
    String model, boolean randomModel, long prefillPid, long decodePid, Turn first, Turn second) {
  /**
   * The account of two turns.
   *
   * @throws Failure when they do not show what the demo is there to show
   */
  static DemoAccount of(ClusterEndpoints cluster, Turn first, Turn second) {
    DemoAccount account =
        new DemoAccount(
            cluster.modelName(),
            DefaultModel.isRandom(cluster.model()),
            cluster.pidOf(first.prefillWorker()),
            cluster.pidOf(first.decodeWorker()),
            first,
            second);
    account.check();
    return account;
  }

  private void check() {
    require(prefillPid != decodePid, "one process did both prefill and decode");
    require(first.blocksMoved() > 0, "no KV block moved from prefill to decode");
    require(first.completionTokens() > 0, "the answer has no token");
    require(second.cachedTokens() > 0, "the second turn found nothing in the prefix cache");
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new Failure("the demo failed: " + otherwise);
    }
  }

  /** For programs. Times are in milliseconds. */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("model", model);
    fields.put("random_model", randomModel);
    fields.put("prefill_worker", worker(first.prefillWorker(), prefillPid));
    fields.put("decode_worker", worker(first.decodeWorker(), decodePid));
    fields.put("blocks_moved", first.blocksMoved());
    fields.put("bytes_moved", first.bytesMoved());
    fields.put("transfer_ms", rounded(first.transferMillis()));
    fields.put("visible_transfer_ms", rounded(first.visibleTransferMillis()));
    fields.put("prompt_tokens", first.promptTokens());
    fields.put("completion_tokens", first.completionTokens());
    fields.put("ttft_ms", rounded(first.ttftMillis()));
    fields.put("tpot_ms", rounded(first.tpotMillis()));
    fields.put("second_turn_prompt_tokens", second.promptTokens());
    fields.put("second_turn_cached_tokens", second.cachedTokens());
    fields.put("second_turn_blocks_moved", second.blocksMoved());
    fields.put("second_turn_blocks_present", second.blocksPresent());
    fields.put("second_turn_transfer_ms", rounded(second.transferMillis()));
    fields.put("second_turn_visible_transfer_ms", rounded(second.visibleTransferMillis()));
    fields.put("second_turn_ttft_ms", rounded(second.ttftMillis()));
    fields.put("second_turn_tpot_ms", rounded(second.tpotMillis()));
    return fields;
  }

  private static Map<String, Object> worker(String id, long pid) {
    Map<String, Object> worker = new LinkedHashMap<>();
    worker.put("id", id);
    worker.put("pid", pid);
    return worker;
  }

  private static double rounded(double millis) {
    return Math.round(millis * 1000) / 1000.0;
  }

  /** For people. */
  String table() {
    return """
                             first turn      second turn
      prompt tokens       %13d    %13d
        found in cache    %13d    %13d
      answer tokens       %13d    %13d
      KV blocks moved     %13d    %13d
        already there     %13d    %13d
        bytes             %,13d    %,13d
        on their way      %10.1f ms    %10.1f ms
        of that visible   %10.1f ms    %10.1f ms
      TTFT                %10.1f ms    %10.1f ms
      TPOT                %10.2f ms    %10.2f ms

      prompt read by      %s, pid %d
      answer written by   %s, pid %d
    """
        .formatted(
            first.promptTokens(),
            second.promptTokens(),
            first.cachedTokens(),
            second.cachedTokens(),
            first.completionTokens(),
            second.completionTokens(),
            first.blocksMoved(),
            second.blocksMoved(),
            first.blocksPresent(),
            second.blocksPresent(),
            first.bytesMoved(),
            second.bytesMoved(),
            first.transferMillis(),
            second.transferMillis(),
            first.visibleTransferMillis(),
            second.visibleTransferMillis(),
            first.ttftMillis(),
            second.ttftMillis(),
            first.tpotMillis(),
            second.tpotMillis(),
            first.prefillWorker(),
            prefillPid,
            first.decodeWorker(),
            decodePid);
  }
}
