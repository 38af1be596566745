package dev.baton.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class LayoutTest {
  private static Layout layout(int layers, int kvHeads, int headSize, int blockTokens) {
    return new Layout(
        layers, kvHeads, headSize, KvDtype.F32, blockTokens, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  }

  @Test
  void planesFillTheBlockWithoutGapAndOverlap() {
    Layout layout = layout(3, 2, 5, 4);
    assertThat(layout.planeBytes()).isEqualTo(2 * 5 * 4 * 4);
    int next = 0;
    for (int layer = 0; layer < 3; layer++) {
      for (PlaneKind kind : PlaneKind.values()) {
        assertThat(layout.planeOffset(layer, kind)).isEqualTo(next);
        next += layout.planeBytes();
      }
    }
    assertThat(layout.blockBytes()).isEqualTo(next);
    assertThat(layout.planes()).isEqualTo(6);
  }

  @Test
  void impossibleNumbersAreRefusedByName() {
    assertThatThrownBy(() -> layout(0, 1, 1, 1)).hasMessageContaining("layout.layers: 0");
    assertThatThrownBy(() -> layout(1, -1, 1, 1)).hasMessageContaining("layout.kvHeads: -1");
    assertThatThrownBy(() -> layout(1, 1, 0, 1)).hasMessageContaining("layout.headSize: 0");
    assertThatThrownBy(() -> layout(1, 1, 1, 0)).hasMessageContaining("layout.blockTokens: 0");
    int most = Integer.MAX_VALUE;
    assertThatThrownBy(() -> layout(most, most, most, most)).hasMessageContaining("at most 1 GiB");
    assertThat(layout(1, 1 << 10, 1 << 10, 1 << 7).blockBytes()).isEqualTo(1 << 30);
  }
}
