package dev.baton.engine.cpu;

import dev.baton.engine.Engine;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.engine.SpanCheck;
import dev.baton.engine.packed.WeightStore;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.model.LineageDigest;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelDirectory;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The embedded engine: a transformer of one of the {@linkplain dev.baton.model.Family families} on
 * the CPU, in floats.
 *
 * <h2>Guarantees beyond those of {@link Engine}</h2>
 *
 * <ul>
 *   <li>A slot of a block that no token has been computed for is never used, whatever it holds.
 *   <li>A block is zeroed when its first position is computed: the bytes of a partly filled block
 *       are defined, and equal tokens make bit-equal blocks.
 *   <li>A batch is refused before any memory is touched if one of its spans does not fit, or if a
 *       block that it writes is used by another place of the batch.
 *   <li>The model's files are mapped only while {@link #load} runs. Packed weights take as many
 *       bytes as in the checkpoint, output features rounded up to 64; 4 an element where matrices
 *       that are packed as one have different types: off heap, or in a file of a {@link
 *       WeightStore}, which is in memory once however many engines map it.
 *   <li>Scratch memory grows with the largest batch up to {@value Rows#MOST} tokens at once; larger
 *       batches are computed in several passes, with the same bits.
 *   <li>{@link #run} and {@link #close} exclude each other.
 * </ul>
 */
public final class CpuEngine implements Engine {
  private final ModelConfig config;
  private final Layout layout;
  private final Lineage lineage;
  private final LoadedWeights weights;
  private final Team team;
  private final SpanCheck check;
  private final KvPlanes planes;
  private final Transformer transformer;
  private final Rows rows = new Rows();
  private boolean closed;

  private CpuEngine(ModelConfig config, Layout layout, LoadedWeights weights, Team team) {
    this.config = config;
    this.layout = layout;
    this.weights = weights;
    this.team = team;
    this.check = new SpanCheck(config.vocabulary(), config.contextTokens(), layout);
    this.planes = new KvPlanes(layout);
    this.lineage =
        LineageDigest.of(
            config, weights.digests(), layout.dtype(), layout.blockTokens(), layout.order());
    this.transformer = new Transformer(config, weights.weights(), layout, team);
  }

  /**
   * Loads a model. Blocks for as long as its weights take to read, and to pack where nobody has.
   *
   * @param directory a Hugging Face model directory
   * @param blockTokens tokens in a KV block
   * @param threads that compute, the caller of {@link #run} included
   * @param store of packed weights
   * @throws dev.baton.model.ModelException if the directory's weights cannot be used
   * @throws dev.baton.engine.EngineException if a weight of F16 is not finite
   * @throws IllegalArgumentException if {@code blockTokens} or {@code threads} is less than 1
   */
  public static CpuEngine load(
      ModelDirectory directory, int blockTokens, int threads, WeightStore store) {
    ModelConfig config = directory.config();
    Layout layout =
        new Layout(
            config.layers(),
            config.kvHeads(),
            config.headSize(),
            KvDtype.F32,
            blockTokens,
            PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    CompletableFuture<Void> compilation = KernelCompilation.direct();
    Team team = new Team(threads);
    try {
      LoadedWeights weights = LoadedWeights.load(directory, store, team);
      try {
        compilation.join();
        return new CpuEngine(config, layout, weights, team);
      } catch (Throwable e) {
        weights.close();
        throw e;
      }
    } catch (Throwable e) {
      compilation.join();
      team.close();
      throw e;
    }
  }

  /** As the other one, with weights in memory of this engine's own. */
  public static CpuEngine load(ModelDirectory directory, int blockTokens, int threads) {
    return load(directory, blockTokens, threads, WeightStore.none());
  }

  @Override
  public Layout layout() {
    return layout;
  }

  @Override
  public Lineage lineage() {
    return lineage;
  }

  @Override
  public int vocabulary() {
    return config.vocabulary();
  }

  @Override
  public int contextTokens() {
    return config.contextTokens();
  }

  @Override
  public synchronized void run(List<Span> batch, LayerListener listener) {
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
    check.check(batch);
    for (int each = 0; each < batch.size(); each++) {
      planes.clear(batch.get(each));
    }
    for (int each = 0; each < batch.size(); each++) {
      Span span = batch.get(each);
      for (int i = 0; i < span.tokens().length; i++) {
        rows.add(span, i);
        if (rows.full()) {
          pass(listener);
        }
      }
    }
    if (rows.count() > 0) {
      pass(listener);
    }
  }

  private void pass(LayerListener listener) {
    try {
      transformer.run(rows, listener);
    } finally {
      rows.clear();
    }
  }

  /** Ends the threads and gives the memory back. Idempotent. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      team.close();
      weights.close();
    }
  }
}
