package dev.baton.cli.local;

import dev.baton.cli.shell.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Whether ports of this machine are free; asked before a start, so that the answer is clear. */
public final class LocalPorts {
  private static final int HIGHEST = 65_535;

  private LocalPorts() {}

  /** Whether a server could listen on this port of 127.0.0.1 now. */
  public static boolean isFree(int port) {
    try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.isBound();
    } catch (IOException taken) {
      return false;
    }
  }

  /** A port of 127.0.0.1 that nobody listens on now. */
  public static int free() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      return socket.getLocalPort();
    } catch (IOException none) {
      throw new Failure("no port of 127.0.0.1 is free: " + none.getMessage(), none);
    }
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
