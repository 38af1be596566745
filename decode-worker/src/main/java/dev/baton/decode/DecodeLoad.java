package dev.baton.decode;

import dev.baton.proto.internal.v1.WorkerLoad;

/**
 * Work on a decode worker at one moment.
 *
 * @param running requests that decode
 * @param waiting requests that wait for room or for KV
 * @param sequences answers that all these requests have
 * @param draining whether it takes nothing new
 */
record DecodeLoad(int running, int waiting, int sequences, boolean draining) {
  /**
   * For the worker's status.
   *
   * @param pendingTokens prompt tokens that the worker has yet to read itself
   */
  WorkerLoad.Builder toProto(long pendingTokens) {
    return WorkerLoad.newBuilder()
        .setRunning(running)
        .setWaiting(waiting)
        .setSequences(sequences)
        .setPendingTokens(pendingTokens)
        .setDraining(draining);
  }
}
