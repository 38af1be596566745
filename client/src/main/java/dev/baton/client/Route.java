package dev.baton.client;

import java.time.Duration;

/**
 * How a request went through the cluster.
 *
 * @param prefillWorker id of the worker that read the prompt
 * @param decodeWorker id of the worker that wrote the answer
 * @param blocksMoved KV blocks that crossed from one to the other
 * @param blocksPresent KV blocks of the prompt that the decode worker had already
 * @param bytesMoved bytes of KV payload that crossed
 * @param transfer time in which they were on their way
 * @param visibleTransfer time from the end of computing the prompt until all had crossed: the rest
 *     was hidden behind the computing
 * @param queue time in the queues of both workers
 * @param prefill time spent computing the prompt
 */
public record Route(
    String prefillWorker,
    String decodeWorker,
    int blocksMoved,
    int blocksPresent,
    long bytesMoved,
    Duration transfer,
    Duration visibleTransfer,
    Duration queue,
    Duration prefill) {}
