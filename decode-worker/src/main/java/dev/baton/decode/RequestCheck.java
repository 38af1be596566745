package dev.baton.decode;

import com.google.protobuf.ByteString;
import dev.baton.cluster.error.BatonException;
import dev.baton.engine.Engine;
import dev.baton.engine.sampling.Choices;
import dev.baton.kv.KeyChain;
import dev.baton.kv.Lineage;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.DecodeRequest;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Checks every field of a request before anything is done for it.
 *
 * @param lineage of the engine's KV
 * @param vocabulary number of token ids
 * @param contextTokens most positions of a sequence
 * @param blockTokens tokens in a block
 * @param poolBlocks blocks in the pool
 * @param isMyEpoch whether an epoch is one of this worker's
 */
record RequestCheck(
    Lineage lineage,
    int vocabulary,
    int contextTokens,
    int blockTokens,
    int poolBlocks,
    LongPredicate isMyEpoch) {
  private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final int MOST_CHOICES = 16;
  private static final int MOST_LOGPROBS = 20;

  /** For requests to this engine with a pool of this many blocks. */
  static RequestCheck of(Engine engine, int poolBlocks, LongPredicate isMyEpoch) {
    return new RequestCheck(
        engine.lineage(),
        engine.vocabulary(),
        engine.contextTokens(),
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
    if (!REQUEST_ID.matcher(request.getRequestId()).matches()) {
      throw BatonException.invalid(
          "request_id", request.getRequestId(), "1 to 64 letters, digits, '.', '_' and '-'");
    }
    checkLineage(request.getLineage());
    int[] tokens = tokens(request);
    range("choices", request.getChoices(), 1, MOST_CHOICES);
    range("first_choice", request.getFirstChoice(), 0, MOST_CHOICES - 1L);
    range("resumed_tokens", request.getResumedTokens(), 0, tokens.length - 1L);
    range("max_tokens", request.getMaxTokens(), 1, 0xFFFF_FFFFL);
    long maxTokens = Integer.toUnsignedLong(request.getMaxTokens());
    if (request.hasLogprobs()) {
      range("logprobs", request.getLogprobs(), 0, MOST_LOGPROBS);
    }
    int most = Math.toIntExact(Math.min(maxTokens, contextTokens - tokens.length));
    KeyChain chain = new KeyChain(lineage, salt(request.getTenantSalt()), blockTokens);
    return new DecodeTask(
        request.getRequestId(),
        tokens,
        chain,
        chain.keys(tokens),
        sampling(request),
        choices(request),
        stopTokens(request),
        most,
        request.hasLogprobs() ? request.getLogprobs() : -1,
        ticket(request),
        plan(tokens.length, most, request.getChoices()));
  }

  private static Choices choices(DecodeRequest request) {
    return new Choices(request.getFirstChoice(), request.getChoices(), request.getResumedTokens());
  }

  private Set<Integer> stopTokens(DecodeRequest request) {
    for (int i = 0; i < request.getStopTokenIdsCount(); i++) {
      range("stop_token_ids[" + i + "]", request.getStopTokenIds(i), 0, vocabulary - 1L);
    }
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

  private void checkLineage(ByteString wanted) {
    if (!wanted.equals(ByteString.copyFrom(lineage.bytes()))) {
      String shown =
          wanted.size() == Lineage.BYTES
              ? Lineage.of(wanted.toByteArray()).hex()
              : wanted.size() + " bytes";
      throw BatonException.invalid("lineage", shown, lineage.hex() + ", which this worker serves");
    }
  }

  private static TenantSalt salt(ByteString salt) {
    if (salt.size() != TenantSalt.BYTES) {
      throw BatonException.invalid(
          "tenant_salt", salt.size() + " bytes", TenantSalt.BYTES + " bytes");
    }
    return TenantSalt.of(salt.toByteArray());
  }

  private int[] tokens(DecodeRequest request) {
    int count = request.getPromptTokensCount();
    if (count == 0) {
      throw BatonException.invalid("prompt_tokens", "", "at least one token");
    }
    if (count >= contextTokens) {
      // The answer's first token takes a position too.
      throw BatonException.contextLength("prompt_tokens", count + 1L, contextTokens);
    }
    int[] tokens = request.getPromptTokensList().stream().mapToInt(Integer::intValue).toArray();
    int wrong = IntStream.range(0, count).filter(i -> !isToken(tokens[i])).findFirst().orElse(-1);
    if (wrong >= 0) {
      range("prompt_tokens[" + wrong + "]", tokens[wrong], 0, vocabulary - 1L);
    }
    return tokens;
  }

  private boolean isToken(int id) {
    return id >= 0 && id < vocabulary;
  }

  private static Sampling sampling(DecodeRequest request) {
    dev.baton.proto.v1.Sampling wire = request.getSampling();
    wire.getDescriptorForType().getFields().stream()
        .filter(field -> !wire.hasField(field))
        .findFirst()
        .ifPresent(field -> {
          throw BatonException.invalid(
              "sampling." + field.getName(), "absent", "every field of sampling set");
        });
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
    range("ticket.generation", request.getTicket().getGeneration(), 1, Integer.MAX_VALUE);
    Ticket ticket = Ticket.of(request.getTicket());
    if (!isMyEpoch.test(ticket.receiverEpoch())) {
      throw BatonException.handoffRefused(
          "the ticket names epoch %d, which is not one of this worker's"
              .formatted(ticket.receiverEpoch()));
    }
    return Optional.of(ticket);
  }

  /** {@code value} is a uint32 of the wire, which Java shows as a signed int. */
  private static void range(String field, int value, long least, long most) {
    long unsigned = Integer.toUnsignedLong(value);
    if (unsigned < least || unsigned > most) {
      throw BatonException.invalid(field, unsigned, least + " to " + most);
    }
  }
}
