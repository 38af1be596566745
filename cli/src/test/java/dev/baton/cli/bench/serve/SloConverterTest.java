package dev.baton.cli.bench.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.harness.report.Slo;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SloConverterTest {
  @Test
  void limitsAreReadInMilliseconds() {
    assertThat(new SloConverter().convert("ttft=2s, TPOT=50ms").limits())
        .isEqualTo(Map.of(Slo.Of.TTFT, 2000.0, Slo.Of.TPOT, 50.0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "ttft", "ttft=5", "speed=1s", "ttft=1s,ttft=2s", "ttft=1s,"})
  void anythingElseIsRefused(String text) {
    assertThatThrownBy(() -> new SloConverter().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("expected");
  }
}
