package dev.baton.harness.load;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What a server said of one request, as far as it said anything.
 *
 * @param promptTokens tokens of the prompt
 * @param cachedTokens of those, not computed again
 * @param completionTokens tokens of the answer
 * @param measures by name, in the server's own units: Baton's times end with {@code _ms}
 */
public record ServerAccount(
    OptionalInt promptTokens,
    OptionalInt cachedTokens,
    OptionalInt completionTokens,
    Map<String, Double> measures) {
  /** Copies the map and keeps its order. */
  public ServerAccount {
    measures = Collections.unmodifiableMap(new LinkedHashMap<>(measures));
  }
}
