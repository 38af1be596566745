package dev.baton.prefill;

/**
 * What a finished prefill took.
 *
 * @param cachedTokens prompt tokens whose KV was in the cache
 * @param computedTokens prompt tokens that were computed
 * @param queueNanos from arrival to the start of computing
 * @param computeNanos in steps of the engine that the job took part in
 * @param pushNanos from Open to Ack
 */
record PrefillAccount(
    int cachedTokens, int computedTokens, long queueNanos, long computeNanos, long pushNanos) {}
