package dev.baton.cluster.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Quantities with units, as profiles write them. */
class DimensionTest {
  @ParameterizedTest
  @CsvSource({
    "BANDWIDTH, 3.35 TB/s, 3.35e12",
    "BANDWIDTH, 400 Gb/s, 50e9",
    "BANDWIDTH, 1 GiB/s, 1073741824",
    "BYTES, 80 GB, 80e9",
    "BYTES, 2 KiB, 2048",
    "COMPUTE, 989 TFLOP/s, 989e12",
    "TIME, 7.2 us, 7.2e-6",
    "POWER, 0.7 kW, 700",
    "PRICE, 2.95 USD/h, 2.95"
  })
  void aQuantityIsReadInItsBaseUnit(Dimension dimension, String text, double expected) {
    assertThat(dimension.parse(text).orElseThrow()).isCloseTo(expected, within(expected * 1e-12));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "3.35",
        "3.35TB/s",
        "3.35  TB/s",
        "-3.35 TB/s",
        "0 TB/s",
        "3.35 TB",
        "3.35 tb/s",
        "NaN TB/s",
        "1e3 TB/s",
        "3,35 TB/s",
        " 3.35 TB/s",
        "3.35 TB/s "
      })
  void whatIsNoPositiveNumberWithAUnitIsRefused(String text) {
    assertThat(Dimension.BANDWIDTH.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Dimension.class)
  void whatIsWrittenIsReadAgain(Dimension dimension) {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    for (int i = 0; i < 1000; i++) {
      double value =
          Math.pow(10, random.nextDouble(-4, 15)) * (dimension == Dimension.BYTES ? 1e4 : 1);
      if (dimension == Dimension.COMPUTE || dimension == Dimension.BANDWIDTH) {
        value *= 1e4;
      }
      assertThat(dimension.parse(dimension.format(value)).orElseThrow())
          .as("seed %d, %s", seed, dimension.format(value))
          .isCloseTo(value, within(value * 1e-3));
    }
  }

  @Test
  void aUnitIsChosenThatPeopleRead() {
    assertThat(Dimension.BANDWIDTH.format(3.35e12)).isEqualTo("3.35 TB/s");
    assertThat(Dimension.TIME.format(7.2e-6)).isEqualTo("7.2 us");
    assertThat(Dimension.BYTES.format(80e9)).isEqualTo("80 GB");
  }
}
