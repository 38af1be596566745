package dev.baton.cli.doctor;

import dev.baton.cli.local.LocalPorts;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Whether ports are free and ZooKeeper is there. */
final class NetworkChecks {
  private static final int LIMIT_MILLIS = 3000;

  private NetworkChecks() {}

  static Finding port(String what, int port) {
    String check = "port " + port;
    if (LocalPorts.isFree(port)) {
      return Finding.ok(check, "free, for " + what);
    }
    return Finding.warn(
        check,
        "taken by " + PortOwner.of(port).orElse("a process that this user may not see"),
        "end that process, or name another port for " + what);
  }

  static Finding embeddedZooKeeper() {
    try (TemporaryDirectory data = TemporaryDirectory.create("baton-doctor-");
        EmbeddedZooKeeper server = EmbeddedZooKeeper.start(data.path(), 0)) {
      return zooKeeper("127.0.0.1:" + server.port(), "the embedded server starts");
    } catch (RuntimeException failed) {
      return Finding.fail(
          "ZooKeeper",
          "the embedded server does not start: " + failed.getMessage(),
          "look at the other findings; or run a ZooKeeper of your own and name it: --zookeeper");
    }
  }

  static Finding zooKeeper(String endpoint) {
    return zooKeeper(endpoint, endpoint + " answers");
  }

  private static Finding zooKeeper(String endpoint, String detail) {
    int colon = endpoint.lastIndexOf(':');
    try (Socket socket = new Socket()) {
      int port = Integer.parseInt(endpoint.substring(colon + 1));
      socket.connect(
          new InetSocketAddress(endpoint.substring(0, Math.max(colon, 0)), port), LIMIT_MILLIS);
      socket.setSoTimeout(LIMIT_MILLIS);
      // "srvr" is the one four-letter word that ZooKeeper answers without being configured to.
      socket.getOutputStream().write("srvr".getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      return answer.contains("Zookeeper version")
          ? Finding.ok("ZooKeeper", detail)
          : unreachable(endpoint, "answers, but not as ZooKeeper does");
    } catch (IOException refused) {
      return unreachable(endpoint, "does not answer: " + refused.getMessage());
    } catch (IllegalArgumentException noEndpoint) {
      return unreachable(endpoint, "is no HOST:PORT");
    }
  }

  private static Finding unreachable(String endpoint, String what) {
    return Finding.fail(
        "ZooKeeper",
        "'" + endpoint + "' " + what,
        "start it, or name another with --zookeeper HOST:PORT; 'baton up' brings its own");
  }
}
