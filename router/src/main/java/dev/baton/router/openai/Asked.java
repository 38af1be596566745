package dev.baton.router.openai;

import dev.baton.proto.v1.GenerateRequest;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * An HTTP request, read.
 *
 * @param requests one for each prompt, alike but for it
 * @param stream whether the answer is wanted as it comes
 * @param includeUsage whether a stream ends with its account
 * @param param how the client wrote a field that Baton names as a path of {@code baton.v1}
 */
record Asked(
    List<GenerateRequest> requests,
    boolean stream,
    boolean includeUsage,
    UnaryOperator<String> param) {
  /** Copies the list. */
  Asked {
    requests = List.copyOf(requests);
  }

  /** Answers to each prompt. */
  int choices() {
    return Math.max(1, requests.getFirst().getChoices());
  }
}
