package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;

/**
 * Hears how a job ended: exactly one call, on any thread, without locks, after the job has given
 * all its blocks back. Must not block.
 */
interface PrefillListener {
  /** The decode worker has everything. */
  void done(PrefillAccount account);

  /** It ended early. */
  void failed(BatonException why);
}
