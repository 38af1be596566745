package dev.baton.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntToLongFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Shapes and end of a warm-up, in a time and with a compiler that the test makes up. */
class WarmUpTest {
  private static final Duration LONG = Duration.ofHours(1);
  private static final int SHAPES = 3;

  private long nanos;
  private long compilerMillis;
  private int runs;

  /** Each run takes 100 ms, in which the compiler is busy for so many. */
  private IntFunction<Integer> compiling = _ -> 0;

  private boolean warm;

  private int runsUntilTheEnd(Engine engine, Duration limit) {
    warm = WarmUp.run(engine, limit, () -> nanos, () -> compilerMillis);
    return runs;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 8, 19, 20, 21, 4096})
  void everyShapeIsInsideTheContextAndGoesOnWhereTheLastOneEnded(int context) {
    CountingEngine engine = new CountingEngine(context);

    runsUntilTheEnd(engine, LONG);

    List<Span> prompts = engine.batches.getFirst();
    assertThat(prompts).hasSize(6).allSatisfy(span -> assertThat(span.start()).isZero());
    if (context > 1) {
      assertThat(engine.batches.get(1)).hasSize(6);
    }
    if (context > 2) {
      assertThat(engine.batches.get(2)).hasSize(1);
      assertThat(engine.batches.get(2).getFirst().end()).isEqualTo(Math.min(context, 20));
    }
  }

  @Test
  void everyShapeRunsOnceWhereNothingIsCompiled() {
    assertThat(runsUntilTheEnd(new CountingEngine(4096), LONG)).isEqualTo(SHAPES);
    assertThat(warm).isTrue();
  }

  @Test
  void itGoesOnUntilTheCompilerLeftEveryShapeAlone() {
    compiling = run -> run < 10 ? 50 : 24;

    assertThat(runsUntilTheEnd(new CountingEngine(4096), LONG)).isEqualTo(10 + SHAPES);
    assertThat(warm).isTrue();
  }

  @Test
  void aModelWhoseEveryShapeIsBriefIsWarmWhateverTheCompilerDoes() {
    compiling = _ -> 100;
    CountingEngine slowAtFirst = new CountingEngine(4096);
    slowAtFirst.runNanosOf = run -> Duration.ofMillis(run < 7 ? 20 : 19).toNanos();

    assertThat(runsUntilTheEnd(slowAtFirst, LONG)).isEqualTo(7 + SHAPES);
    assertThat(warm).isTrue();
  }

  @Test
  void aCompilerThatIsNeverQuietIsNotWaitedForBeyondTheLimit() {
    compiling = _ -> 100;

    assertThat(runsUntilTheEnd(new CountingEngine(4096), Duration.ofSeconds(1))).isEqualTo(10);
    assertThat(warm).isFalse();
  }

  @Test
  void everyShapeRunsOnceWhateverTheLimit() {
    compiling = _ -> 100;

    assertThat(runsUntilTheEnd(new CountingEngine(4096), Duration.ZERO)).isEqualTo(SHAPES);
  }

  /** Remembers what it was asked. */
  private final class CountingEngine implements Engine {
    final List<List<Span>> batches = new ArrayList<>();
    private final int context;
    private IntToLongFunction runNanosOf = _ -> Duration.ofMillis(100).toNanos();

    CountingEngine(int context) {
      this.context = context;
    }

    @Override
    public Layout layout() {
      return new Layout(1, 1, 2, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
    }

    @Override
    public Lineage lineage() {
      return new Lineage("0".repeat(64));
    }

    @Override
    public int vocabulary() {
      return 3;
    }

    @Override
    public int contextTokens() {
      return context;
    }

    @Override
    public void run(List<Span> batch, LayerListener listener) {
      new SpanCheck(vocabulary(), contextTokens(), layout()).check(batch);
      batches.add(batch);
      nanos += runNanosOf.applyAsLong(runs);
      compilerMillis += compiling.apply(runs++);
    }

    @Override
    public void close() {}
  }
}
