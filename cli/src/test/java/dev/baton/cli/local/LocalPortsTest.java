package dev.baton.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LocalPortsTest {
  /** Where Linux begins with ports of outgoing connections: ip_local_port_range. */
  private static final int EPHEMERAL = 32_768;

  @Test
  void freePortIsAnotherEachTimeAndNoneOfThoseOfOutgoingConnections() {
    Set<Integer> ports = new HashSet<>();
    for (int i = 0; i < 50; i++) {
      ports.add(LocalPorts.free());
    }

    assertThat(ports).hasSize(50).allMatch(port -> port > 1_024 && port < EPHEMERAL);
  }

  @Test
  void portThatSomebodyListensOnIsNotFree() throws IOException {
    int port = LocalPorts.free();
    assertThat(LocalPorts.isFree(port)).isTrue();
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      assertThat(LocalPorts.isFree(taken.getLocalPort())).isFalse();
    }
  }
}
