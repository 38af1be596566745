package dev.baton.router.generation;

import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;

/**
 * The times within which one request must move.
 *
 * @param stallLimit longest silence of a worker
 * @param recovery what bounds the search for other workers
 * @param deadline the moment, on {@code nanos}, at which it is over
 * @param timer calls when a moment has come
 * @param nanos monotonic clock
 */
record Limits(
    Duration stallLimit,
    RecoveryLimits recovery,
    long deadline,
    ScheduledExecutorService timer,
    LongSupplier nanos) {}
