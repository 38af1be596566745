package dev.baton.cluster.worker;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.baton.cluster.error.BatonException;
import dev.baton.kv.Lineage;
import dev.baton.kv.TenantSalt;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Checks of the fields that requests to workers of both roles have. Each throws a {@link
 * BatonException} that names the field, the value and what would be right.
 *
 * @param lineage of the engine's KV
 * @param vocabulary number of token ids
 * @param contextTokens most positions of a sequence
 */
public record RequestFields(Lineage lineage, int vocabulary, int contextTokens) {
  private static final Pattern REQUEST_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");
  private static final int MOST_CHOICES = 16;
  private static final int MOST_LOGPROBS = 20;

  /** Checks the id, which logs and threads carry. */
  public void checkId(String id) {
    if (!REQUEST_ID.matcher(id).matches()) {
      throw BatonException.invalid("request_id", id, "1 to 64 letters, digits, '.', '_' and '-'");
    }
  }

  /** Checks that the KV which is asked for is the KV that this worker makes. */
  public void checkLineage(ByteString wanted) {
    if (!wanted.equals(ByteString.copyFrom(lineage.bytes()))) {
      String shown =
          wanted.size() == Lineage.BYTES
              ? Lineage.of(wanted.toByteArray()).hex()
              : wanted.size() + " bytes";
      throw BatonException.invalid("lineage", shown, lineage.hex() + ", which this worker serves");
    }
  }

  /** The prompt's tokens, which leave a place for an answer in the context. */
  public int[] prompt(List<Integer> ids) {
    if (ids.isEmpty()) {
      throw BatonException.invalid("prompt_tokens", "", "at least one token");
    }
    if (ids.size() >= contextTokens) {
      // The answer's first token takes a position too.
      throw BatonException.contextLength("prompt_tokens", ids.size() + 1L, contextTokens);
    }
    return tokens("prompt_tokens", ids);
  }

  /** Token ids, each of which is in the vocabulary. */
  public int[] tokens(String field, List<Integer> ids) {
    int[] tokens = ids.stream().mapToInt(Integer::intValue).toArray();
    IntStream.range(0, tokens.length)
        .filter(i -> tokens[i] < 0 || tokens[i] >= vocabulary)
        .findFirst()
        .ifPresent(i -> checkRange(field + "[" + i + "]", tokens[i], 0, vocabulary - 1L));
    return tokens;
  }

  /** Checks which answers are asked for, to a prompt of this many tokens. */
  public void checkChoices(int choices, int firstChoice, int resumedTokens, int promptTokens) {
    checkRange("choices", choices, 1, MOST_CHOICES);
    checkRange("first_choice", firstChoice, 0, MOST_CHOICES - 1L);
    checkRange("resumed_tokens", resumedTokens, 0, promptTokens - 1L);
  }

  /** Checks how many logprobs are asked for with each token. */
  public void checkLogprobs(int logprobs) {
    checkRange("logprobs", logprobs, 0, MOST_LOGPROBS);
  }

  /** The tenant's salt. */
  public TenantSalt salt(ByteString salt) {
    if (salt.size() != TenantSalt.BYTES) {
      throw BatonException.invalid(
          "tenant_salt", salt.size() + " bytes", TenantSalt.BYTES + " bytes");
    }
    return TenantSalt.of(salt.toByteArray());
  }

  /** Checks that a message says all that it can: nothing in it has a default here. */
  public static void checkComplete(String field, Message message) {
    message.getDescriptorForType().getFields().stream()
        .filter(each -> !message.hasField(each))
        .findFirst()
        .ifPresent(each -> {
          throw BatonException.invalid(
              field + "." + each.getName(), "absent", "every field of " + field + " set");
        });
  }

  /**
   * Checks that a number is from {@code least} to {@code most}.
   *
   * @param value a uint32 of the wire, which Java shows as a signed int
   */
  public static void checkRange(String field, int value, long least, long most) {
    long unsigned = Integer.toUnsignedLong(value);
    if (unsigned < least || unsigned > most) {
      throw BatonException.invalid(field, unsigned, least + " to " + most);
    }
  }
}
