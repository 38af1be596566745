package dev.baton.client;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;

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
 * @param queue time in the router's queue and in those of both workers
 * @param prefill time spent computing the prompt
 * @param admission of {@code queue}, the time in the router's own, after which the request was
 *     placed
 * @param prediction what was expected then; empty where the router's policy predicts nothing
 * @param prefillJoules energy of reading the prompt by the hardware profile of the worker:
 *     modelled, not measured; empty where nobody knows its watts
 * @param decodeJoules energy of writing the answer, likewise
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
    Duration prefill,
    Duration admission,
    Optional<Prediction> prediction,
    OptionalDouble prefillJoules,
    OptionalDouble decodeJoules) {
  /**
   * What was expected when the request was placed.
   *
   * @param ttft time from then to the first token
   * @param tpot time of each further token
   */
  public record Prediction(Duration ttft, Duration tpot) {}
}
