package dev.baton.cluster.zookeeper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.StartException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedZooKeeperTest {
  @TempDir private Path directory;

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(Thread::isAlive)
        .filter(each ->
            !each.getName().contains("Awaitility") && !each.getName().startsWith("awaitility"))
        .collect(Collectors.toSet());
  }

  @Test
  void listensOnLoopbackOnly() throws IOException {
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory, 0);
        Socket here = new Socket(InetAddress.getLoopbackAddress(), zookeeper.port())) {
      assertThat(here.isConnected()).isTrue();
      assertThat(zookeeper.connectString()).isEqualTo("127.0.0.1:" + zookeeper.port());
      // Every other address of the machine's loopback network is free: it did not bind them all.
      try (ServerSocket other = new ServerSocket()) {
        other.bind(new InetSocketAddress("127.0.0.2", zookeeper.port()));
        assertThat(other.isBound()).isTrue();
      }
    }
  }

  @Test
  void closeLeavesNoThreadAndNoPort() throws IOException {
    EmbeddedZooKeeper.start(directory, 0).close(); // Once, so that threads made once a JVM exist.
    Set<Thread> before = threads();
    EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory, 0);
    int port = zookeeper.port();

    zookeeper.close();
    zookeeper.close();

    Awaitility.await()
        .atMost(Duration.ofSeconds(5))
        .untilAsserted(() -> assertThat(before).containsAll(threads()));
    try (ServerSocket again = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
      assertThat(again.isBound()).isTrue();
    }
  }

  @Test
  void takenPortIsNamed() {
    try (EmbeddedZooKeeper first = EmbeddedZooKeeper.start(directory.resolve("a"), 0)) {
      assertThatThrownBy(() -> EmbeddedZooKeeper.start(directory.resolve("b"), first.port()))
          .isInstanceOfSatisfying(
              StartException.class,
              e -> assertThat(e.reason()).isEqualTo(StartException.Reason.CANNOT_BIND))
          .hasMessageContaining("127.0.0.1:" + first.port());
    }
  }

  @Test
  void directoryThatIsAFileIsNamed() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "x");

    assertThatThrownBy(() -> EmbeddedZooKeeper.start(file, 0))
        .isInstanceOfSatisfying(
            StartException.class,
            e -> assertThat(e.reason()).isEqualTo(StartException.Reason.BAD_DIRECTORY))
        .hasMessageContaining(file.toString());
  }
}
