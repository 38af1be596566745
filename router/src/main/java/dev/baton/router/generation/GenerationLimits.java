package dev.baton.router.generation;

import java.time.Duration;

/**
 * What bounds requests.
 *
 * @param maxRequests most at once
 * @param defaultMaxTokens length of an answer where the request says nothing
 * @param deadline longest time of one
 * @param stallLimit longest silence of a worker
 */
public record GenerationLimits(
    int maxRequests, int defaultMaxTokens, Duration deadline, Duration stallLimit) {}
