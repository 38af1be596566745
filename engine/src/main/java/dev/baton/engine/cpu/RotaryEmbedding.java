package dev.baton.engine.cpu;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;

/**
 * Rotary position embedding in Hugging Face's convention: element {@code i} of a head's first half
 * and element {@code i} of its second half turn as a pair. Angles are doubles, their sines and
 * cosines {@link StrictMath}'s: the same bits everywhere.
 */
final class RotaryEmbedding {
  /** Radians a position, one for each pair. */
  private final double[] frequencies;

  RotaryEmbedding(Rope rope, int headSize) {
    frequencies = new double[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] = scaled(StrictMath.pow(rope.theta(), -2.0 * i / headSize), rope.scaling());
    }
  }

  private static double scaled(double frequency, Scaling scaling) {
    return switch (scaling) {
      case Scaling.None none -> frequency;
      case Scaling.Linear linear -> frequency / linear.factor();
      case Scaling.Llama3 llama3 -> scaled(frequency, llama3);
    };
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

  /** Pairs of a head: the length of a row of angles. */
  int pairs() {
    return frequencies.length;
  }

  /** Cosines and sines of a position's angles. */
  void angles(int position, float[] cos, float[] sin, int at) {
    for (int i = 0; i < frequencies.length; i++) {
      double angle = position * frequencies[i];
      cos[at + i] = (float) StrictMath.cos(angle);
      sin[at + i] = (float) StrictMath.sin(angle);
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
