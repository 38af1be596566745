package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import java.util.Locale;

/**
 * The loss of a worker to a request.
 *
 * @param role of the worker: {@code prefill} or {@code decode}
 * @param why what it was lost by
 * @param lastWord when it last said anything
 */
record Loss(String role, BatonException why, long lastWord) {
  /** As a label of metrics and in logs: {@code decode_worker_lost}, for example. */
  String reason() {
    return role + "_" + why.code().name().replace("ERROR_CODE_", "").toLowerCase(Locale.ROOT);
  }
}
