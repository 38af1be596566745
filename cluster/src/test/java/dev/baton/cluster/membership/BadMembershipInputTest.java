package dev.baton.cluster.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.StartException;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What cannot work is said before anything is tried. */
class BadMembershipInputTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "localhost",
        "localhost:",
        ":2181",
        "localhost:0",
        "localhost:65536",
        "localhost:x",
        "a:1,,b:2",
        "a:1,",
        "a:1/",
        "a:1//x",
        "a:1/x/",
        "http://a:1",
        "a b:1",
        "::1:2181"
      })
  void malformedAddressIsNamedAtOnce(String zookeeper) {
    assertThatThrownBy(() -> ClusterConnection.open(zookeeper, SECOND, Duration.ofDays(1)))
        .isInstanceOfSatisfying(
            StartException.class,
            e -> assertThat(e.reason()).isEqualTo(StartException.Reason.BAD_VALUE))
        .hasMessage(
            "zookeeper: '%s' is not allowed; expected host:port[,host:port...][/path]", zookeeper);
  }

  @Test
  void silentZooKeeperIsNamedWithinTheLimit() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + silent.getLocalPort();
      long start = System.nanoTime();

      assertThatThrownBy(() -> ClusterConnection.open(address, SECOND, SECOND))
          .isInstanceOfSatisfying(
              StartException.class,
              e -> assertThat(e.reason()).isEqualTo(StartException.Reason.ZOOKEEPER_UNREACHABLE))
          .hasMessageStartingWith("zookeeper: " + address + " did not answer within 1 s");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    }
  }

  @Test
  void addressWithAPathKeepsItsNodesBelowIt(@TempDir Path directory) throws Exception {
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory, 0);
        ClusterConnection root =
            ClusterConnection.open(zookeeper.connectString(), SECOND, Duration.ofSeconds(10))) {
      root.client().create().forPath("/blue");
      try (ClusterConnection blue =
              ClusterConnection.open(
                  zookeeper.connectString() + "/blue", SECOND, Duration.ofSeconds(10));
          Registrar registrar = Registrar.of(blue, Workers.prefill("p-1"))) {
        registrar.start();

        assertThat(root.client().checkExists().forPath("/blue/baton/workers/p-1")).isNotNull();
      }
    }
  }

  private static Stream<Arguments> unusable() {
    WorkerRegistration good = Workers.decode("d-1");
    return Stream.of(
        Arguments.of(good.toBuilder().setId("").build(), "id"),
        Arguments.of(good.toBuilder().setId("a/b").build(), "id"),
        Arguments.of(good.toBuilder().setId("..").build(), "id"),
        Arguments.of(good.toBuilder().setId("a b").build(), "id"),
        Arguments.of(good.toBuilder().setId("x".repeat(65)).build(), "id"),
        Arguments.of(good.toBuilder().clearRole().build(), "role"),
        Arguments.of(good.toBuilder().setRoleValue(99).build(), "role"),
        Arguments.of(good.toBuilder().clearControlEndpoint().build(), "control_endpoint"),
        Arguments.of(good.toBuilder().setKvEndpoint("nowhere").build(), "kv_endpoint"),
        Arguments.of(
            Workers.prefill("p").toBuilder().setRole(WorkerRole.WORKER_ROLE_DECODE).build(),
            "kv_endpoint"));
  }

  @ParameterizedTest
  @MethodSource("unusable")
  void registrationThatNobodyCouldUseIsRefusedNamingTheField(
      WorkerRegistration registration, String field, @TempDir Path directory) {
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory, 0);
        ClusterConnection connection =
            ClusterConnection.open(zookeeper.connectString(), SECOND, Duration.ofSeconds(10))) {
      assertThatThrownBy(() -> Registrar.of(connection, registration))
          .isInstanceOf(StartException.class)
          .hasMessageStartingWith("registration: " + field + ": ");
    }
  }
}
