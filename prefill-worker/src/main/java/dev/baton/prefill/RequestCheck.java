package dev.baton.prefill;

import dev.baton.cluster.Endpoint;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.worker.RequestFields;
import dev.baton.engine.Engine;
import dev.baton.engine.sampling.Choices;
import dev.baton.kv.KeyChain;
import dev.baton.kv.handoff.KvPuller;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.PrefillRequest;
import java.util.Optional;

/**
 * Checks every field of a request before anything is done for it.
 *
 * @param fields checks what requests to other workers have, too
 * @param blockTokens tokens in a block
 * @param poolBlocks blocks in the pool
 */
record RequestCheck(RequestFields fields, int blockTokens, int poolBlocks) {
  /** For requests to this engine with a pool of this many blocks. */
  static RequestCheck of(Engine engine, int poolBlocks) {
    return new RequestCheck(
        new RequestFields(engine.lineage(), engine.vocabulary(), engine.contextTokens()),
        engine.layout().blockTokens(),
        poolBlocks);
  }

  /**
   * The request as a task.
   *
   * @throws BatonException naming the first field that is wrong
   */
  PrefillTask check(PrefillRequest request) {
    fields.checkId(request.getRequestId());
    fields.checkLineage(request.getLineage());
    int[] tokens = fields.prompt(request.getPromptTokensList());
    checkFits(tokens.length);
    fields.checkChoices(
        request.getChoices(), request.getFirstChoice(), request.getResumedTokens(), tokens.length);
    RequestFields.checkRange("max_tokens", request.getMaxTokens(), 1, 0xFFFF_FFFFL);
    var _ = fields.tokens("stop_token_ids", request.getStopTokenIdsList());
    if (request.hasLogprobs()) {
      fields.checkLogprobs(request.getLogprobs());
    }
    return new PrefillTask(
        request.getRequestId(),
        tokens,
        new KeyChain(fields.lineage(), fields.salt(request.getTenantSalt()), blockTokens)
            .keys(tokens),
        sampling(request.getSampling()),
        new Choices(request.getFirstChoice(), request.getChoices(), request.getResumedTokens()),
        request.hasLogprobs() ? request.getLogprobs() : -1,
        ticket(request),
        Endpoint.parse("target", request.getTarget()).toString(),
        request.hasPrefixSource()
            ? Optional.of(source(request.getPrefixSource()))
            : Optional.empty());
  }

  private void checkFits(int tokens) {
    int blocks = Math.ceilDiv(tokens, blockTokens);
    if (blocks > poolBlocks) {
      throw BatonException.invalid(
          "prompt_tokens",
          tokens + " tokens, " + blocks + " blocks,",
          "at most "
              + poolBlocks
              + " blocks of "
              + blockTokens
              + " tokens, all that this worker has");
    }
  }

  private static PrefixSource source(dev.baton.proto.internal.v1.PrefixSource wire) {
    String endpoint = Endpoint.parse("prefix_source.kv_endpoint", wire.getKvEndpoint()).toString();
    RequestFields.checkRange("prefix_source.blocks", wire.getBlocks(), 1, Integer.MAX_VALUE);
    return new PrefixSource(new KvPuller.Source(endpoint, wire.getEpoch()), wire.getBlocks());
  }

  private static Sampling sampling(dev.baton.proto.v1.Sampling wire) {
    RequestFields.checkComplete("sampling", wire);
    try {
      return Sampling.of(wire);
    } catch (IllegalArgumentException e) {
      throw BatonException.invalid("sampling", e.getMessage(), "values in their ranges");
    }
  }

  private static Ticket ticket(PrefillRequest request) {
    if (!request.hasTicket()) {
      throw BatonException.invalid("ticket", "absent", "a ticket of the decode worker");
    }
    RequestFields.checkRange(
        "ticket.generation", request.getTicket().getGeneration(), 1, Integer.MAX_VALUE);
    return Ticket.of(request.getTicket());
  }
}
