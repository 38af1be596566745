package dev.baton.prefill;

import dev.baton.proto.internal.v1.WorkerLoad;

/**
 * Work on a prefill worker at one moment.
 *
 * @param running requests that compute or push
 * @param waiting requests in the queue
 * @param pendingTokens prompt tokens still to compute, over all requests
 * @param draining whether it takes nothing new
 */
record PrefillLoad(int running, int waiting, long pendingTokens, boolean draining) {
  /** For the worker's status. */
  WorkerLoad.Builder toProto() {
    return WorkerLoad.newBuilder()
        .setRunning(running)
        .setWaiting(waiting)
        .setPendingTokens(pendingTokens)
        .setDraining(draining);
  }
}
