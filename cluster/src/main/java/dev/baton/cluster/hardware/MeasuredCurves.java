package dev.baton.cluster.hardware;

import java.util.Optional;

/**
 * Times in seconds that were measured on a chip, or on several that work as one. They hold for the
 * model with which they were measured.
 *
 * @param model its name
 * @param chips that worked as one
 * @param prefill tokens of a prompt without cached prefix → seconds
 * @param decode batch, tokens of context of each sequence → seconds of a step
 */
public record MeasuredCurves(
    String model, int chips, Optional<Curve> prefill, Optional<Surface> decode) {
  /** As they would have been measured where everything takes so many times as long. */
  MeasuredCurves times(double factor) {
    return new MeasuredCurves(
        model,
        chips,
        prefill.map(each -> each.times(factor)),
        decode.map(each -> each.times(factor)));
  }
}
