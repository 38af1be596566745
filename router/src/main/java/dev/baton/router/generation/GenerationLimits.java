package dev.baton.router.generation;

import java.time.Duration;

/**
 * What bounds one request.
 *
 * @param defaultMaxTokens length of an answer where the request says nothing
 * @param deadline longest time
 * @param stallLimit longest silence of a worker
 * @param recovery what bounds the search for other workers
 */
public record GenerationLimits(
    int defaultMaxTokens, Duration deadline, Duration stallLimit, RecoveryLimits recovery) {}
