package dev.baton.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A warm-up asks nothing of an engine that it could not serve. */
class WarmUpTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 9, 39, 40, 41, 4096})
  void oneRoundRunsAPromptAndSinglesInsideTheContext(int context) {
    CountingEngine engine = new CountingEngine(context);

    WarmUp.run(engine, Duration.ZERO);

    assertThat(engine.spans.getFirst().start()).isZero();
    for (int i = 1; i < engine.spans.size(); i++) {
      assertThat(engine.spans.get(i).start()).isEqualTo(engine.spans.get(i - 1).end());
      assertThat(engine.spans.get(i).tokens()).hasSize(1);
    }
    assertThat(engine.spans.getLast().end()).isEqualTo(Math.min(context, 40));
  }

  /** Remembers what it was asked. */
  private static final class CountingEngine implements Engine {
    final List<Span> spans = new ArrayList<>();
    private final int context;

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
      assertThat(batch).hasSize(1);
      assertThat(batch.getFirst().end()).isLessThanOrEqualTo(context);
      assertThat(batch.getFirst().blocks()).hasSize(layout().blocksFor(Math.min(context, 40)));
      spans.addAll(batch);
    }

    @Override
    public void close() {}
  }
}
