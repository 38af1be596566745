package dev.baton.model;

import java.util.Collections;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What a model's {@code generation_config.json} proposes where a request says nothing. Values are
 * within the ranges of {@link dev.baton.model.sampling.Sampling}.
 *
 * @param temperature range [0, 2]
 * @param topK 0 keeps all
 * @param topP range (0, 1]
 * @param repetitionPenalty range (0, 10]
 * @param endOfSequence token ids that end an answer; may be empty
 */
public record GenerationDefaults(
    OptionalDouble temperature,
    OptionalInt topK,
    OptionalDouble topP,
    OptionalDouble repetitionPenalty,
    SortedSet<Integer> endOfSequence) {
  /** Copies the set. */
  public GenerationDefaults {
    endOfSequence = Collections.unmodifiableSortedSet(new TreeSet<>(endOfSequence));
  }
}
