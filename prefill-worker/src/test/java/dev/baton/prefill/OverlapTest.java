package dev.baton.prefill;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.PushTimes;
import java.util.List;
import org.junit.jupiter.api.Test;

/** When planes leave layer by layer: a function of what was measured, and of nothing else. */
class OverlapTest {
  private static final long MB = 1_000_000;

  @Test
  void whatIsNotMeasuredYetCountsForOverlap() {
    assertThat(new Speeds(0, 1e9, 1e-5).overlapPays(1, 1, 32, 1)).isTrue();
    assertThat(new Speeds(1e-3, 0, 1e-5).overlapPays(1, 1, 32, 1)).isTrue();
    assertThat(new Speeds(1e-3, 1e9, 0).overlapPays(1, 1, 32, 1)).isTrue();
  }

  @Test
  void overlapPaysWhenItHidesMoreThanItsWakeUpsCost() {
    // 32 wake-ups of 10 us are 0.32 ms.
    Speeds speeds = new Speeds(1e-3, 1e9, 1e-5);
    assertThat(speeds.overlapPays(MB / 4, 100, 32, 1)).as("0.25 ms to send").isFalse();
    assertThat(speeds.overlapPays(MB / 2, 100, 32, 1)).as("0.5 ms to send").isTrue();
    assertThat(new Speeds(1e-6, 1e9, 1e-5).overlapPays(100 * MB, 100, 32, 1))
        .as("0.1 ms to compute")
        .isFalse();
  }

  @Test
  void aSlowerLinkAndSlowerComputingTurnABurstIntoLayers() {
    assertThat(new Speeds(1e-3, 1e9, 1e-5).overlapPays(MB / 4, 100, 32, 1)).isFalse();
    assertThat(new Speeds(1e-3, 1e8, 1e-5).overlapPays(MB / 4, 100, 32, 1)).isTrue();
    assertThat(new Speeds(1e-6, 1e9, 1e-5).overlapPays(100 * MB, 300, 32, 1)).isFalse();
    assertThat(new Speeds(2e-6, 1e9, 1e-5).overlapPays(100 * MB, 300, 32, 1)).isTrue();
  }

  @Test
  void oneLayerInOneStepHasNothingToHideBehind() {
    assertThat(new Speeds(1, 1, 1e-9).overlapPays(1000 * MB, 1000, 1, 1)).isFalse();
    assertThat(new Speeds(1, 1, 1e-9).overlapPays(1000 * MB, 1000, 1, 2)).isTrue();
  }

  @Test
  void speedsAreMediansThatAFewOddValuesDoNotMove() {
    Overlap overlap =
        new Overlap(new Layout(2, 1, 2, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN), 64);
    assertThat(overlap.speeds()).isEqualTo(new Speeds(0, 0, 0));
    for (int i = 0; i < 20; i++) {
      overlap.computed(100, 1_000_000);
      overlap.pushed(times(1000, 1_000_000, 5_000));
    }
    for (int i = 0; i < 5; i++) {
      overlap.computed(1, 60_000_000_000L);
      overlap.pushed(times(1, 60_000_000_000L, 60_000_000_000L));
    }
    overlap.pushed(times(0, 1, 0));

    assertThat(overlap.speeds()).isEqualTo(new Speeds(1e-5, 1e6, 5e-6));
  }

  @Test
  void nowAndThenABurstGoesLayerByLayerSoThatSpeedsStayFresh() {
    Overlap overlap =
        new Overlap(new Layout(2, 1, 2, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN), 64);
    overlap.computed(1, 1);
    overlap.pushed(times(1_000_000, 1, 1_000_000));
    int layerwise = 0;
    for (int i = 0; i < 320; i++) {
      layerwise += overlap.pays(20, 20) ? 1 : 0;
    }
    assertThat(layerwise).isEqualTo(10);
  }

  private static PushTimes times(long bytes, long transferNanos, long wakeUpNanos) {
    return new PushTimes(
        new HandoffReceipt(1, 0, bytes), transferNanos, transferNanos, List.of(), wakeUpNanos);
  }
}
