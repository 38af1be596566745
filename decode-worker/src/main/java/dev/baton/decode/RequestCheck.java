package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.worker.RequestFields;
import dev.baton.engine.Engine;
import dev.baton.engine.sampling.Choices;
import dev.baton.kv.KeyChain;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.DecodeRequest;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;

/**
 * Checks every field of a request before anything is done for it.
 *
 * @param fields checks what requests to other workers have, too
 * @param blockTokens tokens in a block
 * @param poolBlocks blocks in the pool
 * @param isMyEpoch whether an epoch is one of this worker's
 */
record RequestCheck(
    RequestFields fields, int blockTokens, int poolBlocks, LongPredicate isMyEpoch) {
  /** For requests to this engine with a pool of this many blocks. */
  static RequestCheck of(Engine engine, int poolBlocks, LongPredicate isMyEpoch) {
    return new RequestCheck(
        new RequestFields(engine.lineage(), engine.vocabulary(), engine.contextTokens()),
        engine.layout().blockTokens(),
        poolBlocks,
        isMyEpoch);
  }

  /**
   * The request as a task.
   *
   * @throws BatonException naming the first field that is wrong
   */
  DecodeTask check(DecodeRequest request) {
    fields.checkId(request.getRequestId());
    fields.checkLineage(request.getLineage());
    int[] tokens = fields.prompt(request.getPromptTokensList());
    fields.checkChoices(
        request.getChoices(), request.getFirstChoice(), request.getResumedTokens(), tokens.length);
    RequestFields.checkRange("max_tokens", request.getMaxTokens(), 1, 0xFFFF_FFFFL);
    long maxTokens = Integer.toUnsignedLong(request.getMaxTokens());
    if (request.hasLogprobs()) {
      fields.checkLogprobs(request.getLogprobs());
    }
    int most = Math.toIntExact(Math.min(maxTokens, fields.contextTokens() - tokens.length));
    KeyChain chain =
        new KeyChain(fields.lineage(), fields.salt(request.getTenantSalt()), blockTokens);
    return new DecodeTask(
        request.getRequestId(),
        tokens,
        chain,
        chain.keys(tokens),
        sampling(request.getSampling()),
        new Choices(request.getFirstChoice(), request.getChoices(), request.getResumedTokens()),
        stopTokens(request),
        most,
        request.hasLogprobs() ? request.getLogprobs() : -1,
        ticket(request),
        plan(tokens.length, most, request.getChoices()));
  }

  private Set<Integer> stopTokens(DecodeRequest request) {
    var _ = fields.tokens("stop_token_ids", request.getStopTokenIdsList());
    return Set.copyOf(request.getStopTokenIdsList());
  }

  private BlockPlan plan(int promptTokens, int maxTokens, int choices) {
    BlockPlan plan = BlockPlan.of(promptTokens, maxTokens, choices, blockTokens);
    if (plan.total() > poolBlocks) {
      throw BatonException.invalid(
          "max_tokens",
          "%d tokens in each of %d answers to %d prompt tokens, %d blocks together,"
              .formatted(maxTokens, choices, promptTokens, plan.total()),
          "at most %d blocks of %d tokens, all that this worker has"
              .formatted(poolBlocks, blockTokens));
    }
    return plan;
  }

  private static Sampling sampling(dev.baton.proto.v1.Sampling wire) {
    RequestFields.checkComplete("sampling", wire);
    try {
      return Sampling.of(wire);
    } catch (IllegalArgumentException e) {
      throw BatonException.invalid("sampling", e.getMessage(), "values in their ranges");
    }
  }

  private Optional<Ticket> ticket(DecodeRequest request) {
    if (!request.hasTicket()) {
      return Optional.empty();
    }
    RequestFields.checkRange(
        "ticket.generation", request.getTicket().getGeneration(), 1, Integer.MAX_VALUE);
    Ticket ticket = Ticket.of(request.getTicket());
    if (!isMyEpoch.test(ticket.receiverEpoch())) {
      throw BatonException.handoffRefused(
          "the ticket names epoch %d, which is not one of this worker's"
              .formatted(ticket.receiverEpoch()));
    }
    return Optional.of(ticket);
  }
}
