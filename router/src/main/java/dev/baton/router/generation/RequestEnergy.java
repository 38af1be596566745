package dev.baton.router.generation;

import dev.baton.cluster.work.EnergySum;
import dev.baton.proto.internal.v1.DecodedTokens;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.proto.v1.Route;
import java.util.OptionalDouble;

/**
 * What the workers say that one request took of energy; a phase of which nobody said anything has
 * no figure. Not safe for use by many threads.
 */
final class RequestEnergy {
  private final EnergySum prefill = new EnergySum();
  private final EnergySum decode = new EnergySum();

  /** A prefill worker read the prompt. */
  void prefilled(PrefillDone words) {
    prefill.add(told(words.hasJoules(), words.getJoules()));
  }

  /** The decode worker read the prompt. */
  void computed(PromptComputed words) {
    prefill.add(told(words.hasJoules(), words.getJoules()));
  }

  /** Tokens came. */
  void chosen(DecodedTokens tokens) {
    decode.add(told(tokens.hasJoules(), tokens.getJoules()));
  }

  private static OptionalDouble told(boolean said, double joules) {
    return said ? OptionalDouble.of(joules) : OptionalDouble.empty();
  }

  /** Writes the sums down. */
  void write(Route.Builder route) {
    prefill.value().ifPresent(route::setPrefillJoules);
    decode.value().ifPresent(route::setDecodeJoules);
  }
}
