package dev.baton.engine.cpu;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Attention of one decode row over 2048 tokens: the query heads of one head of keys and values of
 * 64 elements, in blocks of 16, which is 1 MB of KV.
 *
 * <p>How to run it stands in docs/engine.md.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class AttentionBenchmark {
  private static final int CONTEXT = 2048;
  private static final int HEAD_SIZE = 64;
  private static final Layout LAYOUT =
      new Layout(1, 1, HEAD_SIZE, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  /** Query heads that read the same keys: Llama 3.2 1B has 4, Qwen2.5-0.5B 7. */
  @Param({"4", "7"})
  public int heads;

  private final BlockPool pool = new BlockPool(LAYOUT, LAYOUT.blocksFor(CONTEXT));
  private List<Block> blocks = List.of();
  private Attention attention;
  private Attention.Scratch scratch;
  private float[] q;
  private float[] out;

  /** Draws the query and the KV. */
  @Setup
  public void draw() {
    SplittableRandom random = new SplittableRandom(1);
    blocks = Objects.requireNonNull(pool.tryReserve(LAYOUT.blocksFor(CONTEXT)));
    KvPlanes planes = new KvPlanes(LAYOUT);
    for (int position = 0; position < CONTEXT; position++) {
      planes.write(
          blocks, position, 0, MatrixProductTest.floats(random, 2 * HEAD_SIZE), 0, HEAD_SIZE);
    }
    attention = new Attention(LAYOUT, heads);
    scratch = attention.new Scratch();
    q = MatrixProductTest.floats(random, heads * HEAD_SIZE);
    out = new float[heads * HEAD_SIZE];
  }

  /** All heads. */
  @Benchmark
  public float[] group() {
    attention.tile(q, 0, 0, blocks, CONTEXT - 1, 1, CONTEXT, 0, 0, scratch, out, 0, 0);
    return out;
  }

  /** Gives the memory back. */
  @TearDown
  public void close() {
    pool.release(blocks);
    pool.close();
  }
}
