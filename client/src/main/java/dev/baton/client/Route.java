package dev.baton.client;

/**
 * How a request went through the cluster.
 *
 * @param prefillWorker id of the worker that read the prompt
 * @param decodeWorker id of the worker that wrote the answer
 * @param blocksMoved KV blocks that crossed from one to the other
 * @param blocksPresent KV blocks of the prompt that the decode worker had already
 * @param bytesMoved bytes of KV payload that crossed
 */
public record Route(
    String prefillWorker,
    String decodeWorker,
    int blocksMoved,
    int blocksPresent,
    long bytesMoved) {}
