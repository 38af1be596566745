package dev.baton.cli.bench;

import dev.baton.cli.local.ChildProcess;
import dev.baton.cli.local.JavaCommand;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The receiving process, as the measuring one sees it. */
final class Peer implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofSeconds(60);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  private final ChildProcess process;
  private final ReadyLine ready;
  private final PeerLink link;
  private final Path unixSocket;

  private Peer(ChildProcess process, ReadyLine ready, PeerLink link, Path unixSocket) {
    this.process = process;
    this.ready = ready;
    this.link = link;
    this.unixSocket = unixSocket;
  }

  /** Starts it; its log and its plain Unix socket are in {@code directory}. */
  static Peer start(Path directory, long plane, long pool) throws InterruptedException {
    Path unixSocket = directory.resolve("plain.sock");
    ChildProcess process =
        ChildProcess.start(
            "transfer-peer",
            JavaCommand.of(
                List.of(
                    "bench",
                    "transfer-peer",
                    "--plane",
                    Long.toString(plane),
                    "--pool",
                    Long.toString(pool),
                    "--socket",
                    unixSocket.toString(),
                    "--stop-with-parent")),
            directory.resolve("transfer-peer.log"));
    try {
      ReadyLine ready = process.ready(START_LIMIT);
      PeerLink link =
          new PeerLink(new Socket(InetAddress.getLoopbackAddress(), port(ready, "control")));
      return new Peer(process, ready, link, unixSocket);
    } catch (IOException | Failure failed) {
      process.stop(STOP_LIMIT);
      throw failed instanceof Failure failure
          ? failure
          : new Failure("cannot reach the receiving process: " + failed, failed);
    }
  }

  PeerLink link() {
    return link;
  }

  /** Where the handoffs of this shape go. */
  String target(BenchShape shape) {
    return ready.endpoint(shape.layout().layers() == 1 ? "small" : "kv");
  }

  int socketPort() {
    return port(ready, "socket");
  }

  /** Where its server for control messages listens. */
  int messagesPort() {
    return port(ready, "messages");
  }

  Path unixSocket() {
    return unixSocket;
  }

  private static int port(ReadyLine ready, String name) {
    String endpoint = ready.endpoint(name);
    return Integer.parseInt(endpoint.substring(endpoint.lastIndexOf(':') + 1));
  }

  @Override
  public void close() {
    try {
      link.close();
    } catch (IOException alreadyClosed) {
      // It is being stopped anyway.
    }
    process.stop(STOP_LIMIT);
  }
}
