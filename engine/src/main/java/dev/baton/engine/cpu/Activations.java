package dev.baton.engine.cpu;

import dev.baton.model.ModelConfig;

/**
 * What flows between the kernels: one row a token, rows padded to whole panels. Grows to the
 * largest slice so far and is used again.
 */
final class Activations {
  private int rows;
  private int logitRows;

  final int hiddenStride;
  final int projectionStride;
  final int attendedStride;
  final int gateUpStride;
  final int gatedStride;
  final int logitsStride;

  /** The residual stream. */
  float[] residual = {};

  /** The residual stream after a norm. */
  float[] normed = {};

  /** Queries, keys and values. */
  float[] projection = {};

  /** What attention read, all heads. */
  float[] attended = {};

  /** Gate and up. */
  float[] gateUp = {};

  /** Gate times up. */
  float[] gated = {};

  /** Final norm and logits of the rows that want them. */
  float[] last = {};

  float[] logits = {};

  Activations(ModelConfig config) {
    this.hiddenStride = Panels.padded(config.hidden());
    this.projectionStride =
        Panels.padded((config.heads() + 2 * config.kvHeads()) * config.headSize());
    this.attendedStride = Panels.padded(config.heads() * config.headSize());
    this.gateUpStride = Panels.padded(2 * config.intermediate());
    this.gatedStride = Panels.padded(config.intermediate());
    this.logitsStride = Panels.padded(config.vocabulary());
  }

  /** Makes room for so many rows, and so many that want logits. */
  void ensure(int count, int logitCount) {
    if (count > rows) {
      residual = new float[count * hiddenStride];
      normed = new float[count * hiddenStride];
      projection = new float[count * projectionStride];
      attended = new float[count * attendedStride];
      gateUp = new float[count * gateUpStride];
      gated = new float[count * gatedStride];
      rows = count;
    }
    if (logitCount > logitRows) {
      last = new float[logitCount * hiddenStride];
      logits = new float[logitCount * logitsStride];
      logitRows = logitCount;
    }
  }
}
