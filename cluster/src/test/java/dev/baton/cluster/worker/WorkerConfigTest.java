package dev.baton.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerConfigTest {
  private static WorkerConfig config(
      String pool, int kvPort, int blocks, Duration stall, AdvertisedEndpoints advertised) {
    return new WorkerConfig(
        "w-1",
        "tiny",
        "127.0.0.1:2181",
        "127.0.0.1",
        7001,
        kvPort,
        7003,
        advertised,
        pool,
        blocks,
        4,
        stall,
        DrainLimits.of(Duration.ZERO),
        Duration.ofSeconds(10));
  }

  @ParameterizedTest
  @CsvSource({
    "' ',    0, 1, PT1S, 'pool: empty, expected a text'",
    "a,     -1, 1, PT1S, 'kvPort: -1, expected 0 to 65535'",
    "a,  65536, 1, PT1S, 'kvPort: 65536, expected 0 to 65535'",
    "a,      0, 0, PT1S, 'blocks: 0, expected 1 to 2147483647'",
    "a,      0, 1, PT0S, 'stallLimit: PT0S, expected more than 0'"
  })
  void valueThatCannotBeIsNamedWithWhatWouldBeRight(
      String pool, int kvPort, int blocks, Duration stall, String message) {
    assertThatThrownBy(() -> config(pool, kvPort, blocks, stall, AdvertisedEndpoints.asBound()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void othersReachAWorkerWhereItListensUnlessItAdvertisesAnotherPlace() {
    WorkerConfig behindProxy =
        config(
            "a",
            0,
            1,
            Duration.ofSeconds(1),
            new AdvertisedEndpoints(Optional.empty(), Optional.of("proxy:9")));

    assertThat(WorkerEndpoints.of(behindProxy, 11, 12, 13).byName())
        .containsExactly(
            Map.entry("control", "127.0.0.1:11"),
            Map.entry("kv", "proxy:9"),
            Map.entry("admin", "http://127.0.0.1:13"));
  }
}
