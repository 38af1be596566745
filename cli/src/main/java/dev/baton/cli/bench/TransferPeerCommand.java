package dev.baton.cli.bench;

import dev.baton.cli.process.LifeOptions;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cluster.process.GrpcServer;
import dev.baton.cluster.process.ProcessLogging;
import dev.baton.harness.load.CpuClock;
import dev.baton.kv.shm.SegmentName;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The receiving process of {@code baton bench transfer}. Not for users. */
@Command(
    name = "transfer-peer",
    hidden = true,
    mixinStandardHelpOptions = true,
    description = "The receiving process of 'bench transfer', which starts it.",
    footer = "For 'bench transfer' alone.")
final class TransferPeerCommand implements Callable<Integer> {
  @Mixin private LifeOptions life = new LifeOptions();

  @Option(names = "--plane", required = true, description = "Bytes of a plane.")
  private long plane;

  @Option(names = "--pool", required = true, description = "Bytes of the pool.")
  private long pool;

  @Option(names = "--socket", required = true, description = "Where the plain Unix socket goes.")
  private @Nullable Path socket;

  @Override
  public Integer call() throws Exception {
    life.begin();
    ProcessLogging.plain(Level.WARN);
    ReceivingSide bulk = new ReceivingSide(BenchShape.of(plane, pool));
    ReceivingSide small = new ReceivingSide(BenchShape.handOver(pool));
    RingTaking ring = new RingTaking();
    SocketDoor door = new SocketDoor(bulk, Objects.requireNonNull(socket));
    GrpcServer messages = GrpcServer.start(ReceivingSide.HOST, 0, List.of());
    ServerSocket control = new ServerSocket(0, 1, InetAddress.ofLiteral(ReceivingSide.HOST));
    Thread.ofPlatform().daemon().name("control").start(() -> obey(control, bulk, small, ring));
    Map<String, String> endpoints =
        Map.of(
            "control",
            ReceivingSide.HOST + ":" + control.getLocalPort(),
            "messages",
            ReceivingSide.HOST + ":" + messages.port(),
            "kv",
            bulk.endpoint(),
            "small",
            small.endpoint(),
            "socket",
            ReceivingSide.HOST + ":" + door.port());
    life.serve(
        () -> {
          control.close();
          messages.close(Duration.ZERO);
          door.close();
          bulk.close();
          small.close();
          ring.close();
        },
        ReadyLine.ofThisProcess("bench", "transfer-peer", endpoints));
    return 0;
  }

  private static void obey(
      ServerSocket control, ReceivingSide bulk, ReceivingSide small, RingTaking ring) {
    try (Socket socket = control.accept();
        PeerLink link = new PeerLink(socket)) {
      for (String line = link.next(); line != null; line = link.next()) {
        String[] words = line.split(" ", -1);
        ReceivingSide side = words.length > 1 && words[1].equals("small") ? small : bulk;
        link.send(Long.toString(answer(words, side, ring)));
      }
    } catch (IOException closed) {
      // The measuring process ended, and this one with it.
    }
  }

  private static long answer(String[] words, ReceivingSide side, RingTaking ring)
      throws IOException {
    switch (words[0]) {
      case "cpu" -> {
        return CpuClock.nanos();
      }
      case "clear" -> side.pool().clear();
      case "sum" -> {
        return side.pool().checksum(Integer.parseInt(words[2]));
      }
      case "expect" ->
          side.expect(
              Long.parseLong(words[2]), Integer.parseInt(words[3]), Integer.parseInt(words[4]));
      case "arrived" -> {
        return side.arrived(Long.parseLong(words[2]));
      }
      case "ring" ->
          ring.begin(
              new SegmentName(
                  Long.parseLong(words[5]),
                  Integer.parseInt(words[6]),
                  Integer.parseInt(words[7]),
                  Long.parseLong(words[8]),
                  Long.parseLong(words[9])),
              side.pool().blocks(0, Integer.parseInt(words[2])),
              Integer.parseInt(words[3]),
              Long.parseLong(words[4]));
      case "taken" -> {
        return ring.taken();
      }
      default -> throw new IllegalArgumentException(words[0] + " is nothing to be asked for");
    }
    return 0;
  }
}
