package dev.baton.prefill;

/**
 * Work on a prefill worker at one moment.
 *
 * @param running requests that compute or push
 * @param waiting requests in the queue
 * @param pendingTokens prompt tokens still to compute, over all requests
 * @param draining whether it takes nothing new
 */
record PrefillLoad(int running, int waiting, long pendingTokens, boolean draining) {}
