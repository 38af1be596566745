package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.json.JsonMapper;

/**
 * What iperf3 moves over TCP on loopback, where it is installed: a second opinion on the machine.
 */
final class Iperf3 {
  private static final String SECONDS = "3";
  private static final int TRIES = 20;

  private Iperf3() {}

  /** 10^9 bytes a second of one stream with writes of this size; empty if there is no iperf3. */
  static OptionalDouble gbps(long writeBytes) throws InterruptedException {
    Process server;
    String port;
    try {
      port = Integer.toString(freePort());
      server =
          new ProcessBuilder("iperf3", "-s", "-1", "-B", ReceivingSide.HOST, "-p", port)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
    } catch (IOException notInstalled) {
      return OptionalDouble.empty();
    }
    try {
      return OptionalDouble.of(client(port, Long.toString(writeBytes)));
    } catch (IOException e) {
      throw new Failure("iperf3 failed: " + e.getMessage(), e);
    } finally {
      server.destroy();
      server.waitFor();
    }
  }

  private static double client(String port, String writeBytes)
      throws IOException, InterruptedException {
    String error = "";
    for (int i = 0; i < TRIES; i++) {
      Process client =
          new ProcessBuilder(
                  "iperf3",
                  "-J",
                  "-c",
                  ReceivingSide.HOST,
                  "-p",
                  port,
                  "-t",
                  SECONDS,
                  "-l",
                  writeBytes)
              .redirectErrorStream(true)
              .start();
      String out = new String(client.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (client.waitFor() == 0) {
        double bits =
            JsonMapper.builder()
                .build()
                .readTree(out)
                .at("/end/sum_received/bits_per_second")
                .asDouble();
        return bits / 8e9;
      }
      error = out;
      // Its server does not listen yet, and does not say when it does.
      TimeUnit.MILLISECONDS.sleep(100);
    }
    throw new IOException(error);
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral(ReceivingSide.HOST))) {
      return socket.getLocalPort();
    }
  }
}
