package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.baton.engine.Span;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.model.ModelDirectory;
import dev.baton.model.quantize.QuantizedModel;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While kernels are interpreted, vectors are objects; once they are compiled, nothing is. */
class StepAllocationTest {
  private static final RandomModel.Shape SHAPE =
      new RandomModel.Shape(2, 256, 704, 4, 2, 512, 512, true, WeightDtype.BF16);
  private static final int STEPS = 100;
  private static final long FEW_BYTES = 64;
  private static final Duration LIMIT = Duration.ofMinutes(1);

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir private Path directory;

  @Test
  void stepsOfOneAndOfSixSequencesEndUpAllocatingNothing() throws Exception {
    RandomModel.write(directory.resolve("bf16"), SHAPE, 1);
    ModelDirectory bf16 = ModelDirectory.open(directory.resolve("bf16"));
    QuantizedModel.write(bf16, directory.resolve("int8"), step -> {});
    for (ModelDirectory model : List.of(bf16, ModelDirectory.open(directory.resolve("int8")))) {
      try (CpuEngine engine = CpuEngine.load(model, 16, 1);
          BlockPool pool = new BlockPool(engine.layout(), 6)) {
        List<Span> six = IntStream.range(0, 6).mapToObj(i -> step(engine, pool)).toList();
        assertThat(bytesInTheEnd(engine, List.of(six.getFirst())))
            .as("%s, one", model)
            .isLessThan(FEW_BYTES);
        assertThat(bytesInTheEnd(engine, six)).as("%s, six", model).isLessThan(FEW_BYTES);
        six.forEach(span -> pool.release(span.blocks()));
      }
    }
  }

  private static Span step(CpuEngine engine, BlockPool pool) {
    List<Block> table = Objects.requireNonNull(pool.tryReserve(1));
    return new Span(new int[] {1}, 0, table, new float[engine.vocabulary()]);
  }

  /** Bytes a step, as soon as they are few, or when the limit has passed. */
  private long bytesInTheEnd(CpuEngine engine, List<Span> batch) {
    Instant end = Instant.now().plus(LIMIT);
    while (true) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < STEPS; i++) {
        engine.run(batch);
      }
      long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / STEPS;
      if (bytes < FEW_BYTES || Instant.now().isAfter(end)) {
        return bytes;
      }
    }
  }
}
