package dev.baton.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointTest {
  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:1", "router.example:65535", "[::1]:8080"})
  void textIsKept(String text) {
    assertThat(Endpoint.parse("e", text)).hasToString(text);
  }

  @Test
  void bracketsAreNoPartOfTheHost() {
    assertThat(Endpoint.parse("e", "[::1]:80")).isEqualTo(new Endpoint("::1", 80));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "host",
        "host:",
        ":80",
        "host:0",
        "host:65536",
        "host:-1",
        "host:+1",
        "host:99999999999",
        "host:1 ",
        " :1",
        "ho st:1",
        "::1:80",
        "[]:80",
        "[host]:80",
        "http://host:80",
        "host:٣"
      })
  void otherFormsAreRefusedNamingFieldAndText(String text) {
    assertThatThrownBy(() -> Endpoint.parse("kv_endpoint", text))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
              assertThat(e.field()).isEqualTo("kv_endpoint");
              assertThat(e.value()).isEqualTo(text);
            });
  }
}
