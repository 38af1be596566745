package dev.baton.cluster.hardware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Measured functions. */
class CurveTest {
  private final Curve curve = new Curve(new double[] {10, 20, 40}, new double[] {1, 3, 4});

  @Test
  void itGoesThroughItsPointsAndStraightBetweenThem() {
    assertThat(curve.value(10)).isEqualTo(1);
    assertThat(curve.value(20)).isEqualTo(3);
    assertThat(curve.value(40)).isEqualTo(4);
    assertThat(curve.value(15)).isEqualTo(2);
    assertThat(curve.value(30)).isEqualTo(3.5);
  }

  @Test
  void belowItIsFlatAndAboveItGoesOn() {
    assertThat(curve.value(1)).isEqualTo(1);
    assertThat(curve.value(60)).isEqualTo(5);
    assertThat(new Curve(new double[] {1, 2}, new double[] {5, 4}).value(100)).isEqualTo(4);
    assertThat(new Curve(new double[] {7}, new double[] {5}).value(100)).isEqualTo(5);
  }

  @Test
  void pointsThatDoNotIncreaseAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Curve(new double[] {1, 1}, new double[] {1, 2}));
  }

  @Test
  void aSurfaceIsStraightInBothDirections() {
    Surface surface =
        new Surface(
            new double[] {1, 5},
            List.of(curve, new Curve(new double[] {10, 20}, new double[] {3, 5})));

    assertThat(surface.value(1, 15)).isEqualTo(2);
    assertThat(surface.value(5, 15)).isEqualTo(4);
    assertThat(surface.value(3, 15)).isEqualTo(3);
    assertThat(surface.value(7, 15)).isEqualTo(5);
  }
}
