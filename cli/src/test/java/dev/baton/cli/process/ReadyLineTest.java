package dev.baton.cli.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cli.shell.Failure;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ReadyLineTest {
  @Test
  void whatOneProcessPrintsAnotherReads() {
    Map<String, String> endpoints = new LinkedHashMap<>();
    endpoints.put("control", "127.0.0.1:1");
    endpoints.put("kv", "127.0.0.1:2");
    ReadyLine printed = new ReadyLine("decode", "d-1", 4711, endpoints);

    assertThat(printed.text()).startsWith("BATON_READY {").doesNotContain("\n");
    assertThat(ReadyLine.parse(printed.text())).contains(printed);
  }

  @Test
  void otherLinesAreNone() {
    assertThat(ReadyLine.parse("")).isEmpty();
    assertThat(ReadyLine.parse("starting BATON_READY {}")).isEmpty();
  }

  @Test
  void brokenJsonIsAnErrorNotSilence() {
    assertThatThrownBy(() -> ReadyLine.parse("BATON_READY {\"role\":"))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("no JSON");
  }

  @Test
  void endpointThatWasNotNamedIsAnErrorWithThoseThatWere() {
    ReadyLine line = new ReadyLine("router", "r", 1, Map.of("http", "127.0.0.1:1"));
    assertThatThrownBy(() -> line.endpoint("kv"))
        .isInstanceOf(Failure.class)
        .hasMessage("r named no endpoint kv, only [http]");
  }
}
