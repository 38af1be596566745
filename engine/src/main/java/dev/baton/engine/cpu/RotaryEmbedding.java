package dev.baton.engine.cpu;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;

/**
 * Rotary position embedding in Hugging Face's convention: element {@code i} of a head's first half
 * and element {@code i} of its second half turn as a pair. Angles are doubles, their sines and
 * cosines {@link StrictMath}'s: the same bits everywhere.
 */
final class RotaryEmbedding {
  /** Keeps the blend of YaRN from a division by zero, as Hugging Face does. */
  private static final double LEAST_BLEND = 0.001;

  /** Radians a position, one for each pair. */
  private final double[] frequencies;

  /** What cosines and sines are multiplied by. */
  private final double growth;

  RotaryEmbedding(Rope rope, int headSize) {
    frequencies = new double[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      double frequency = StrictMath.pow(rope.theta(), -2.0 * i / headSize);
      frequencies[i] =
          switch (rope.scaling()) {
            case Scaling.None none -> frequency;
            case Scaling.Linear linear -> frequency / linear.factor();
            case Scaling.Llama3 llama3 -> scaled(frequency, llama3);
            case Scaling.Yarn yarn -> {
              double kept = kept(i, yarn, rope.theta(), headSize);
              yield (1 - kept) * frequency / yarn.factor() + kept * frequency;
            }
          };
    }
    growth = rope.scaling() instanceof Scaling.Yarn yarn ? yarn.attentionFactor() : 1;
  }

  private static double scaled(double frequency, Scaling.Llama3 by) {
    double turns = by.originalContext() * frequency / (2 * Math.PI);
    if (turns < by.lowFrequencyFactor()) {
      return frequency / by.factor();
    }
    if (turns > by.highFrequencyFactor()) {
      return frequency;
    }
    double kept =
        (turns - by.lowFrequencyFactor()) / (by.highFrequencyFactor() - by.lowFrequencyFactor());
    return (1 - kept) * frequency / by.factor() + kept * frequency;
  }

  /** How much of a pair's frequency YaRN keeps, from 1 to 0 as pairs turn more slowly. */
  private static double kept(int pair, Scaling.Yarn yarn, double theta, int headSize) {
    double first = pairOfTurns(yarn.fastTurns(), yarn, theta, headSize);
    double last = pairOfTurns(yarn.slowTurns(), yarn, theta, headSize);
    if (yarn.wholePairs()) {
      first = Math.floor(first);
      last = Math.ceil(last);
    }
    first = Math.max(first, 0);
    last = Math.min(last, headSize - 1);
    double width = first == last ? LEAST_BLEND : last - first;
    return 1 - Math.clamp((pair - first) / width, 0, 1);
  }

  /** Number of the pair, a fraction, that turns so often in the original context. */
  private static double pairOfTurns(double turns, Scaling.Yarn yarn, double theta, int headSize) {
    double wavelength = yarn.originalContext() / (2 * Math.PI * turns);
    return headSize * StrictMath.log(wavelength) / (2 * StrictMath.log(theta));
  }

  /** Pairs of a head: the length of a row of angles. */
  int pairs() {
    return frequencies.length;
  }

  /** Cosines and sines of a position's angles, times the growth of the scaling. */
  void angles(int position, float[] cos, float[] sin, int at) {
    for (int i = 0; i < frequencies.length; i++) {
      double angle = position * frequencies[i];
      cos[at + i] = (float) (growth * StrictMath.cos(angle));
      sin[at + i] = (float) (growth * StrictMath.sin(angle));
    }
  }

  /** Kernel: turns one head's vector in place. */
  void turn(float[] x, int at, float[] cos, float[] sin, int anglesAt) {
    int half = frequencies.length;
    for (int i = 0; i < half; i++) {
      float a = x[at + i];
      float b = x[at + half + i];
      float c = cos[anglesAt + i];
      float s = sin[anglesAt + i];
      x[at + i] = a * c - b * s;
      x[at + half + i] = b * c + a * s;
    }
  }
}
