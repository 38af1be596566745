package dev.baton.cli.local;

import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Whether ports of this machine are free; asked before a start, so that the answer is clear. */
public final class LocalPorts {
  private static final int HIGHEST = 65_535;

  /** Linux gives outgoing connections ports from 32768 on, unless it is told otherwise. */
  private static final int BELOW_EPHEMERAL = 32_768;

  private static final int FIRST = 16_384;
  private static final Set<Integer> GIVEN = ConcurrentHashMap.newKeySet();

  private LocalPorts() {}

  /** Whether a server could listen on this port of 127.0.0.1 now. */
  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  /**
   * A port of 127.0.0.1 that nobody listens on now, and that no outgoing connection is given as its
   * own: whoever is told it may listen there later, and again after a restart. Another each time.
   */
  public static int free() {
    for (int i = 0; i < BELOW_EPHEMERAL - FIRST; i++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, BELOW_EPHEMERAL);
      if (isFree(port) && GIVEN.add(port)) {
        return port;
      }
    }
    throw new Failure(
        "no port from %d to %d of 127.0.0.1 is free".formatted(FIRST, BELOW_EPHEMERAL - 1));
  }

  /**
   * Says in one sentence why a port that a flag names cannot be used; 0 always can.
   *
   * @throws ParameterException when it is none
   * @throws Failure when it is taken
   */
  public static void requireFree(CommandLine command, String flag, int port) {
    if (port < 0 || port > HIGHEST) {
      throw new ParameterException(
          command, "%s: %d, expected 0 to %d".formatted(flag, port, HIGHEST));
    }
    if (port != 0 && !isFree(port)) {
      throw new Failure(
          "%s: port %d is taken; name another, or 0 for any free one".formatted(flag, port));
    }
  }
}
