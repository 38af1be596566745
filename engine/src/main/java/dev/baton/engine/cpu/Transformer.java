package dev.baton.engine.cpu;

import dev.baton.engine.LayerListener;
import dev.baton.kv.Layout;
import dev.baton.model.ModelConfig;
import java.util.List;

/**
 * One pass of rows through all layers. Every step is split over the team by rows, by heads or by
 * output columns; no step lets one row's numbers depend on another row, save through the KV blocks.
 *
 * <p>A pass allocates nothing: its steps are tasks that were made once and find what they work on
 * in fields. Not safe for use by several threads at once.
 */
final class Transformer {
  private final ModelConfig config;
  private final TransformerWeights weights;
  private final Team team;
  private final MatrixProduct product;
  private final AngleTable angles;
  private final Attention attention;
  private final KvPlanes planes;
  private final Activations act;
  private final Attention.Scratch[] scratch;
  private final int[] wanted = new int[Rows.MOST];

  private final Team.Task embed = this::embed;
  private final Team.Task normalize = this::normalize;
  private final Team.Task turnAndStore = this::turnAndStore;
  private final Team.Task attendTiles = this::attendTiles;
  private final Team.Task gate = this::gate;

  // What the tasks work on.
  private Rows rows = new Rows();
  private int tiles;
  private int index;
  private TransformerWeights.Layer layer;
  private float[] normWeight = {};

  /** A transformer of these weights, computed by this team. */
  Transformer(ModelConfig config, TransformerWeights weights, Layout layout, Team team) {
    this.config = config;
    this.weights = weights;
    this.layer = weights.layers().getFirst();
    this.team = team;
    this.product = new MatrixProduct(team);
    this.angles = new AngleTable(new RotaryEmbedding(config.rope(), config.headSize()));
    this.attention = new Attention(layout, config.heads() / config.kvHeads());
    this.planes = new KvPlanes(layout);
    this.act = new Activations(config);
    this.scratch = new Attention.Scratch[team.members()];
    for (int i = 0; i < scratch.length; i++) {
      scratch[i] = attention.new Scratch();
    }
  }

  /** Computes the rows' KV, and the logits of those that want them; tells of each layer's KV. */
  void run(Rows batch, LayerListener listener) {
    rows = batch;
    int count = rows.count();
    int wantedCount = findWanted();
    for (int row = 0; row < count; row++) {
      angles.reach(rows.position(row));
    }
    act.ensure(count, wantedCount);
    tiles = rows.part(attention.tilePositions());
    team.run(count, embed);
    List<TransformerWeights.Layer> layers = weights.layers();
    for (int i = 0; i < layers.size(); i++) {
      index = i;
      layer = layers.get(i);
      attend(count, listener);
      feedForward(count);
    }
    logits(wantedCount);
  }

  private int findWanted() {
    int count = 0;
    for (int row = 0; row < rows.count(); row++) {
      if (rows.logits(row) != null) {
        wanted[count++] = row;
      }
    }
    return count;
  }

  private void embed(int member, int from, int to) {
    for (int row = from; row < to; row++) {
      weights.embedding().column(rows.token(row), act.residual, row * act.hiddenStride);
    }
  }

  /** {@code residual += o attention(norm(residual))}. */
  private void attend(int count, LayerListener listener) {
    norm(count, layer.inputNorm());
    product.set(act.normed, act.hiddenStride, count, layer.queriesKeysValues(), act.projection);
    team.run(count, turnAndStore);
    rows.tellWritten(index, listener);
    team.run(tiles * config.kvHeads(), attendTiles);
    product.add(act.attended, act.attendedStride, count, layer.attentionOutput(), act.residual);
  }

  /** {@code residual += down(silu(gate) * up)}, gate and up of {@code norm(residual)}. */
  private void feedForward(int count) {
    norm(count, layer.outputNorm());
    product.set(act.normed, act.hiddenStride, count, layer.gateUp(), act.gateUp);
    team.run(count, gate);
    product.add(act.gated, act.gatedStride, count, layer.down(), act.residual);
  }

  private void norm(int count, float[] weight) {
    normWeight = weight;
    team.run(count, normalize);
  }

  private void normalize(int member, int from, int to) {
    for (int row = from; row < to; row++) {
      int at = row * act.hiddenStride;
      RmsNorm.row(act.residual, at, normWeight, config.rmsNormEpsilon(), act.normed, at);
    }
  }

  private void gate(int member, int from, int to) {
    for (int row = from; row < to; row++) {
      int at = row * act.gateUpStride;
      SwiGlu.row(act.gateUp, at, config.intermediate(), act.gated, row * act.gatedStride);
    }
  }

  private void turnAndStore(int member, int from, int to) {
    int headSize = config.headSize();
    int turned = config.heads() + config.kvHeads();
    for (int row = from; row < to; row++) {
      int at = row * act.projectionStride;
      for (int head = 0; head < turned; head++) {
        int headAt = at + head * headSize;
        normHead(headAt, head < config.heads() ? layer.queryNorm() : layer.keyNorm());
        angles.turn(act.projection, headAt, rows.position(row));
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

  private void attendTiles(int member, int from, int to) {
    int groupSize = config.heads() / config.kvHeads() * config.headSize();
    int window = config.options().slidingWindow().of(index);
    for (int unit = from; unit < to; unit++) {
      int tile = unit / config.kvHeads();
      int row = rows.tile(tile);
      int kvHead = unit % config.kvHeads();
      attention.tile(
          act.projection,
          row * act.projectionStride + kvHead * groupSize,
          act.projectionStride,
          rows.blocks(row),
          rows.position(row),
          rows.tile(tile + 1) - row,
          window,
          index,
          kvHead,
          scratch[member],
          act.attended,
          row * act.attendedStride + kvHead * groupSize,
          act.attendedStride);
    }
  }

  private void logits(int count) {
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
