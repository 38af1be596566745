package dev.baton.model.sampling;

import java.util.List;
import java.util.Objects;

/**
 * One token as the model chose it.
 *
 * @param id in the vocabulary
 * @param logprob natural logarithm of its probability under the raw logits; NaN where none was
 *     asked for
 * @param top the most probable tokens, most probable first, ties by smaller id; as many as were
 *     asked for
 */
public record SampledToken(int id, float logprob, List<Alternative> top) {
  /** Copies the list. */
  public SampledToken {
    top = List.copyOf(Objects.requireNonNull(top, "top"));
  }

  /** A token without log-probabilities. */
  public static SampledToken of(int id) {
    return new SampledToken(id, Float.NaN, List.of());
  }

  /** From the wire. */
  public static SampledToken of(dev.baton.proto.v1.SampledToken wire) {
    return new SampledToken(
        wire.getId(),
        wire.hasLogprob() ? wire.getLogprob() : Float.NaN,
        wire.getTopList().stream().map(t -> new Alternative(t.getId(), t.getLogprob())).toList());
  }

  /** To the wire. */
  public dev.baton.proto.v1.SampledToken toProto() {
    var wire = dev.baton.proto.v1.SampledToken.newBuilder().setId(id);
    if (!Float.isNaN(logprob)) {
      wire.setLogprob(logprob);
    }
    for (Alternative each : top) {
      wire.addTop(
          dev.baton.proto.v1.TokenLogprob.newBuilder().setId(each.id()).setLogprob(each.logprob()));
    }
    return wire.build();
  }

  /**
   * A candidate.
   *
   * @param id in the vocabulary
   * @param logprob natural logarithm of its probability under the raw logits
   */
  public record Alternative(int id, float logprob) {}
}
