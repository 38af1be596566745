package dev.baton.cli.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.baton.cli.shell.Failure;
import org.junit.jupiter.api.Test;

class AgreementTest {
  @Test
  void lossesAndDivergenceAreThoseOfTheDistributions() {
    // Probabilities 0.5, 0.25, 0.25 and 0.25, 0.5, 0.25, with other sums of logits.
    float half = (float) Math.log(0.5);
    float quarter = (float) Math.log(0.25);
    float[] first = {half + 7, quarter + 7, quarter + 7};
    float[] second = {quarter - 3, half - 3, quarter - 3};

    Agreement agreement = Agreement.of(first, second, 1);

    assertThat(agreement.logLoss()).isCloseTo(Math.log(4), within(1e-6));
    assertThat(agreement.otherLogLoss()).isCloseTo(Math.log(2), within(1e-6));
    // 0.5 ln 2 + 0.25 ln (1/2) + 0.25 ln 1
    assertThat(agreement.divergence()).isCloseTo(0.25 * Math.log(2), within(1e-6));
    assertThat(agreement.sameTop()).isFalse();
  }

  @Test
  void aModelAgreesWithItself() {
    float[] logits = {-1000, 3, 80, 80, -2};
    Agreement agreement = Agreement.of(logits, logits, 0);
    assertThat(agreement.divergence()).isCloseTo(0, within(1e-12));
    assertThat(agreement.logLoss()).isEqualTo(agreement.otherLogLoss()).isGreaterThan(1000);
    assertThat(agreement.sameTop()).isTrue();
  }

  @Test
  void logitsThatAreNotFiniteAreAFailure() {
    float[] fine = {1, 2};
    for (float wrong : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] broken = {1, wrong};
      assertThatThrownBy(() -> Agreement.of(fine, broken, 0)).isInstanceOf(Failure.class);
      assertThatThrownBy(() -> Agreement.of(broken, fine, 0)).isInstanceOf(Failure.class);
    }
  }
}
