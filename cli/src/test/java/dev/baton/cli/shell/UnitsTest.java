package dev.baton.cli.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class UnitsTest {
  @ParameterizedTest
  @CsvSource({"500ms,PT0.5S", "30s,PT30S", "10m,PT10M", "2h,PT2H", "2H,PT2H", "0s,PT0S"})
  void durationsAreNumbersWithUnits(String text, Duration expected) {
    assertThat(new Units.Durations().convert(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "30", "s", "-1s", "1.5s", "10 m", "3d", "99999999999999s"})
  void anythingElseIsNoDurationAndTheMessageSaysWhatIs(String text) {
    assertThatThrownBy(() -> new Units.Durations().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessage("'" + text + "', expected a duration such as 500ms, 30s, 10m or 2h");
  }

  @ParameterizedTest
  @CsvSource({"4096,4096", "64k,65536", "512m,536870912", "8g,8589934592"})
  void sizesCountInPowersOf1024(String text, long expected) {
    assertThat(new Units.Sizes().convert(text)).isEqualTo(expected);
  }

  @Test
  void sizeThatNoMachineHasIsRefused() {
    assertThatThrownBy(() -> new Units.Sizes().convert("999999999999g"))
        .isInstanceOf(TypeConversionException.class);
  }
}
