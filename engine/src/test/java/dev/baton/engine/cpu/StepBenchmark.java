package dev.baton.engine.cpu;

import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
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
 * A whole decode step of a small random model, over and over at the same position: so many
 * sequences of 200 tokens, two threads. What it allocates is what {@link CpuEngine#run} allocates.
 *
 * <p>How to run it stands in docs/engine.md.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 2)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class StepBenchmark {
  private static final int CONTEXT = 200;

  /** Sequences. */
  @Param({"1", "16"})
  public int batch;

  private Path directory;
  private CpuEngine engine;
  private BlockPool pool;
  private final List<Block> taken = new ArrayList<>();
  private final List<Span> spans = new ArrayList<>();

  /** Writes the model, and computes all but the last token. */
  @Setup
  public void load() throws IOException {
    directory = Files.createTempDirectory("baton-step-benchmark-");
    Path model = directory.resolve("model");
    RandomModel.write(
        model, new RandomModel.Shape(4, 256, 704, 8, 4, 1024, 512, false, WeightDtype.BF16), 1);
    engine = CpuEngine.load(ModelDirectory.open(model), 16, 2);
    pool = new BlockPool(engine.layout(), batch * engine.layout().blocksFor(CONTEXT));
    for (int i = 0; i < batch; i++) {
      List<Block> blocks =
          Objects.requireNonNull(pool.tryReserve(engine.layout().blocksFor(CONTEXT)));
      taken.addAll(blocks);
      engine.run(List.of(new Span(new int[CONTEXT - 1], 0, blocks, null)));
      spans.add(new Span(new int[] {i}, CONTEXT - 1, blocks, new float[engine.vocabulary()]));
    }
  }

  /** One token of each sequence. */
  @Benchmark
  public List<Span> step() {
    engine.run(spans);
    return spans;
  }

  /** Gives memory and files back. */
  @TearDown
  public void close() {
    engine.close();
    pool.release(taken);
    pool.close();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
