package dev.baton.engine.cpu;

import dev.baton.engine.LayerListener;
import dev.baton.kv.Layout;
import dev.baton.model.ModelConfig;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One pass of rows through all layers. Every step is split over the team by rows, by heads or by
 * output columns; no step lets one row's numbers depend on another row, save through the KV blocks.
 */
final class Transformer {
  private final ModelConfig config;
  private final TransformerWeights weights;
  private final Team team;
  private final MatrixProduct product;
  private final RotaryEmbedding rotary;
  private final Attention attention;
  private final KvPlanes planes;
  private final Activations act;
  private final float[][] scores;
  private final int[] wanted = new int[Rows.MOST];

  /** Scratch memory that is not on the heap lives in {@code arena}. */
  Transformer(
      ModelConfig config, TransformerWeights weights, Layout layout, Team team, Arena arena) {
    this.config = config;
    this.weights = weights;
    this.team = team;
    MemorySegment[] scratch = new MemorySegment[team.members()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = arena.allocate(Panels.SCRATCH_BYTES, 64);
    }
    this.product = new MatrixProduct(team, scratch);
    this.rotary = new RotaryEmbedding(config.rope(), config.headSize());
    this.attention = new Attention(layout);
    this.planes = new KvPlanes(layout);
    this.act = new Activations(config);
    this.scores = new float[team.members()][layout.blockTokens()];
  }

  /** Computes the rows' KV, and the logits of those that want them; tells of each layer's KV. */
  void run(Rows rows, LayerListener listener) {
    int count = rows.count();
    int wantedCount = findWanted(rows);
    act.ensure(count, wantedCount);
    team.run(count, (member, from, to) -> embed(rows, from, to));
    for (int i = 0; i < weights.layers().size(); i++) {
      TransformerWeights.Layer layer = weights.layers().get(i);
      attend(rows, i, layer, listener);
      feedForward(count, layer);
    }
    logits(rows, wantedCount);
  }

  private int findWanted(Rows rows) {
    int count = 0;
    for (int row = 0; row < rows.count(); row++) {
      if (rows.logits(row) != null) {
        wanted[count++] = row;
      }
    }
    return count;
  }

  private void embed(Rows rows, int from, int to) {
    for (int row = from; row < to; row++) {
      weights.embedding().column(rows.token(row), act.residual, row * act.hiddenStride);
      rotary.angles(rows.position(row), act.cos, act.sin, row * rotary.pairs());
    }
  }

  /** {@code residual += o attention(norm(residual))}. */
  private void attend(
      Rows rows, int index, TransformerWeights.Layer layer, LayerListener listener) {
    int count = rows.count();
    norm(count, layer.inputNorm());
    product.set(act.normed, act.hiddenStride, count, layer.queriesKeysValues(), act.projection);
    team.run(count, (member, from, to) -> turnAndStore(rows, index, layer, from, to));
    rows.tellWritten(index, listener);
    team.run(
        count * config.heads(),
        (member, from, to) -> attendHeads(rows, index, scores[member], from, to));
    product.add(act.attended, act.attendedStride, count, layer.attentionOutput(), act.residual);
  }

  /** {@code residual += down(silu(gate) * up)}, gate and up of {@code norm(residual)}. */
  private void feedForward(int count, TransformerWeights.Layer layer) {
    norm(count, layer.outputNorm());
    product.set(act.normed, act.hiddenStride, count, layer.gateUp(), act.gateUp);
    team.run(
        count,
        (member, from, to) -> {
          for (int row = from; row < to; row++) {
            SwiGlu.row(
                act.gateUp,
                row * act.gateUpStride,
                config.intermediate(),
                act.gated,
                row * act.gatedStride);
          }
        });
    product.add(act.gated, act.gatedStride, count, layer.down(), act.residual);
  }

  private void norm(int count, float[] weight) {
    team.run(
        count,
        (member, from, to) -> {
          for (int row = from; row < to; row++) {
            int at = row * act.hiddenStride;
            RmsNorm.row(act.residual, at, weight, config.rmsNormEpsilon(), act.normed, at);
          }
        });
  }

  private void turnAndStore(
      Rows rows, int index, TransformerWeights.Layer layer, int from, int to) {
    int headSize = config.headSize();
    int turned = config.heads() + config.kvHeads();
    for (int row = from; row < to; row++) {
      int at = row * act.projectionStride;
      for (int head = 0; head < turned; head++) {
        int headAt = at + head * headSize;
        normHead(headAt, head < config.heads() ? layer.queryNorm() : layer.keyNorm());
        rotary.turn(act.projection, headAt, act.cos, act.sin, row * rotary.pairs());
      }
      planes.write(
          rows.blocks(row),
          rows.position(row),
          index,
          act.projection,
          at + config.heads() * headSize,
          at + turned * headSize);
    }
  }

  private void normHead(int at, float[] weight) {
    if (weight.length > 0) {
      RmsNorm.row(act.projection, at, weight, config.rmsNormEpsilon(), act.projection, at);
    }
  }

  private void attendHeads(Rows rows, int layer, float[] mine, int from, int to) {
    int headSize = config.headSize();
    int group = config.heads() / config.kvHeads();
    int window = config.options().slidingWindow().of(layer);
    for (int unit = from; unit < to; unit++) {
      int row = unit / config.heads();
      int head = unit % config.heads();
      attention.head(
          act.projection,
          row * act.projectionStride + head * headSize,
          rows.blocks(row),
          Math.max(0, rows.position(row) + 1 - window),
          rows.position(row) + 1,
          layer,
          head / group,
          mine,
          act.attended,
          row * act.attendedStride + head * headSize);
    }
  }

  private void logits(Rows rows, int count) {
    if (count == 0) {
      return;
    }
    for (int i = 0; i < count; i++) {
      RmsNorm.row(
          act.residual,
          wanted[i] * act.hiddenStride,
          weights.finalNorm(),
          config.rmsNormEpsilon(),
          act.last,
          i * act.hiddenStride);
    }
    product.set(act.last, act.hiddenStride, count, weights.output(), act.logits);
    for (int i = 0; i < count; i++) {
      float[] out = rows.logits(wanted[i]);
      if (out != null) {
        System.arraycopy(act.logits, i * act.logitsStride, out, 0, out.length);
      }
    }
  }
}
