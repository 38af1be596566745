package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.baton.model.ModelConfig.Rope;
import dev.baton.model.ModelConfig.Scaling;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RowKernelsTest {
  private static final MathContext DIGITS = new MathContext(50);
  private static final BigDecimal PI =
      new BigDecimal(
          "3.14159265358979323846264338327950288419716939937510582097494459230781640629");

  @Test
  void rmsNormScalesToAMeanSquareOfOne() {
    float[] x = {9, 3, -4, 0, 5, 9};
    float[] weight = {1, 2, 1, 0.5f};
    float[] out = new float[6];
    RmsNorm.row(x, 1, weight, 0.5, out, 1);
    double scale = 1 / Math.sqrt((9 + 16 + 25) / 4.0 + 0.5);
    assertThat(out[0]).isZero();
    assertThat((double) out[1]).isCloseTo(3 * scale, within(1e-6));
    assertThat((double) out[2]).isCloseTo(-8 * scale, within(1e-6));
    assertThat(out[3]).isZero();
    assertThat((double) out[4]).isCloseTo(2.5 * scale, within(1e-6));
    assertThat(out[5]).isZero();
  }

  /** 1 / sqrt rounds twice in doubles, then once to a float. */
  @Test
  void scaleOfRmsNormIsTheFloatNextToTheExactOne() {
    SplittableRandom random = new SplittableRandom(6);
    for (int i = 0; i < 10_000; i++) {
      double epsilon = Math.exp(random.nextDouble(-20, 20));
      float[] out = new float[1];
      RmsNorm.row(new float[] {1}, 0, new float[] {1}, epsilon, out, 0);
      BigDecimal meanSquare = new BigDecimal(1 + epsilon);
      requireNearest(out[0], BigDecimal.ONE.divide(meanSquare.sqrt(DIGITS), DIGITS));
    }
  }

  /** Against Taylor series of 50 digits. */
  @Test
  void cosinesAndSinesAreTheFloatsNextToTheExactOnes() {
    SplittableRandom random = new SplittableRandom(8);
    float[] cos = new float[1];
    float[] sin = new float[1];
    for (int i = 0; i < 2_000; i++) {
      double divisor = random.nextDouble(1, 1000);
      int position = random.nextInt(1 << random.nextInt(1, 21));
      new RotaryEmbedding(new Rope(1e4, new Scaling.Linear(divisor)), 2)
          .angles(position, cos, sin, 0);
      BigDecimal angle = new BigDecimal(position * (1 / divisor));
      requireNearest(cos[0], cosine(angle));
      requireNearest(sin[0], cosine(angle.subtract(PI.divide(BigDecimal.TWO, DIGITS))));
    }
  }

  /** Within half an ulp and a millionth of one. */
  private static void requireNearest(float got, BigDecimal exact) {
    double error = exact.subtract(new BigDecimal(got)).abs().doubleValue();
    assertThat(error / Math.ulp(exact.floatValue())).isLessThan(0.5 + 1e-6);
  }

  private static BigDecimal cosine(BigDecimal angle) {
    BigDecimal turn = PI.multiply(BigDecimal.TWO);
    BigDecimal x = angle.remainder(turn);
    BigDecimal minusSquare = x.multiply(x).negate();
    BigDecimal term = BigDecimal.ONE;
    BigDecimal sum = term;
    for (int n = 1; n <= 40; n++) {
      term = term.multiply(minusSquare).divide(BigDecimal.valueOf(2L * n * (2L * n - 1)), DIGITS);
      sum = sum.add(term);
    }
    return sum;
  }

  @Test
  void swiGluIsSiluOfGateTimesUp() {
    float[] gateUp = new float[2 * 21];
    for (int i = 0; i < 21; i++) {
      gateUp[i] = i - 10;
      gateUp[21 + i] = 0.5f + i;
    }
    float[] out = new float[23];
    SwiGlu.row(gateUp, 0, 21, out, 1);
    for (int i = 0; i < 21; i++) {
      double gate = i - 10;
      double expected = gate / (1 + Math.exp(-gate)) * (0.5 + i);
      assertThat((double) out[1 + i]).isCloseTo(expected, within(2e-6 * (1 + Math.abs(expected))));
    }
    assertThat(out[0]).isZero();
    assertThat(out[22]).isZero();
  }

  @Test
  void swiGluOfHugeGatesStaysFinite() {
    float[] out = new float[2];
    SwiGlu.row(new float[] {-1000, 1000, 2, 2}, 0, 2, out, 0);
    assertThat(out).containsExactly(-0f, 2000);
  }

  @Test
  void rotaryTurnsElementsOfTheTwoHalvesAsPairs() {
    RotaryEmbedding rotary = new RotaryEmbedding(new Rope(100, new Scaling.None()), 4);
    float[] cos = new float[2];
    float[] sin = new float[2];
    rotary.angles(3, cos, sin, 0);
    float[] x = {1, 0, 0, 2};
    rotary.turn(x, 0, cos, sin, 0);
    // Frequencies 1 and 1/10; pairs are (0, 2) and (1, 3).
    double[] expected = {Math.cos(3), -2 * Math.sin(0.3), Math.sin(3), 2 * Math.cos(0.3)};
    for (int i = 0; i < 4; i++) {
      assertThat((double) x[i]).isCloseTo(expected[i], within(1e-6));
    }
  }

  @Test
  void llama3ScalingDividesLongWavesKeepsShortOnesAndBlendsBetween() {
    // Theta 10^8 and heads of 8: frequencies 1, 0.01, 10^-4, 10^-6.
    Scaling llama3 = new Scaling.Llama3(8, 1, 4, 1000);
    double turns = 1000 * 0.01 / (2 * Math.PI);
    double kept = (turns - 1) / 3;
    double[] expected = {1, 0.01 * ((1 - kept) / 8 + kept), 1e-4 / 8, 1e-6 / 8};
    requireAngles(new RotaryEmbedding(new Rope(1e8, llama3), 8), expected);
  }

  @Test
  void linearScalingDividesEveryFrequency() {
    double[] expected = {1 / 4.0, 0.01 / 4, 1e-4 / 4, 1e-6 / 4};
    requireAngles(new RotaryEmbedding(new Rope(1e8, new Scaling.Linear(4)), 8), expected);
  }

  @Test
  void yarnKeepsFastPairsDividesSlowOnesBlendsBetweenAndGrows() {
    // Theta 10^8 and heads of 8: pairs turn 1000 / 2 pi * 10^(-2 i) times in 1000 tokens, which is
    // 12 times at pair 0.562 and once at pair 1.101: kept before 0, divided from 2 on.
    Scaling yarn = new Scaling.Yarn(4, 1000, 12, 1, 1, true);
    double[] expected = {1, 0.01 * (0.5 / 4 + 0.5), 1e-4 / 4, 1e-6 / 4};
    requireAngles(new RotaryEmbedding(new Rope(1e8, yarn), 8), expected);
    Scaling grows = new Scaling.Yarn(4, 1000, 12, 1, 1.5, true);
    float[] cos = new float[4];
    new RotaryEmbedding(new Rope(1e8, grows), 8).angles(0, cos, new float[4], 0);
    assertThat(cos).containsExactly(1.5f, 1.5f, 1.5f, 1.5f);
  }

  private static void requireAngles(RotaryEmbedding rotary, double[] frequencies) {
    float[] cos = new float[4];
    float[] sin = new float[4];
    for (int position : new int[] {0, 1, 777}) {
      rotary.angles(position, cos, sin, 0);
      for (int i = 0; i < 4; i++) {
        assertThat((double) cos[i]).isCloseTo(Math.cos(position * frequencies[i]), within(1e-7));
        assertThat((double) sin[i]).isCloseTo(Math.sin(position * frequencies[i]), within(1e-7));
      }
    }
  }
}
