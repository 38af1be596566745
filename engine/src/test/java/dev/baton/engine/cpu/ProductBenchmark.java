package dev.baton.engine.cpu;

import dev.baton.model.weights.WeightDtype;
import java.lang.foreign.Arena;
import java.util.List;
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
 * The product of one row and of many with a matrix of the size of Qwen2.5-0.5B's down projection,
 * on one thread. Its operations are {@code 2 * rows * 4864 * 896}, its weights 8.7 MB in 16 bits,
 * 4.6 MB in int8.
 *
 * <p>How to run it stands in docs/engine.md.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ProductBenchmark {
  private static final int DEPTH = 4864;
  private static final int COLUMNS = 896;

  /** Of the weights. */
  @Param({"BF16", "F16", "F32", "I8"})
  public WeightDtype dtype = WeightDtype.BF16;

  /** One, a decode batch, a prompt. */
  @Param({"1", "16", "256"})
  public int rows;

  private final Arena arena = Arena.ofShared();
  private final Team team = new Team(1);
  private final MatrixProduct product = new MatrixProduct(team);
  private Linear linear;
  private float[] a;
  private float[] c;

  /** Draws weights and rows. */
  @Setup
  public void draw() {
    SplittableRandom random = new SplittableRandom(1);
    linear =
        new Linear(
            Panels.pack(
                List.of(MatrixProductTest.tensor(random, dtype, COLUMNS, DEPTH, arena)),
                arena,
                team));
    a = MatrixProductTest.floats(random, rows * DEPTH);
    c = new float[rows * Panels.padded(COLUMNS)];
  }

  /** All of it. */
  @Benchmark
  public float[] product() {
    product.set(a, DEPTH, rows, linear, c);
    return c;
  }

  /** Gives the memory back. */
  @TearDown
  public void close() {
    team.close();
    arena.close();
  }
}
