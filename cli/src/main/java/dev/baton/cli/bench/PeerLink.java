package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** How the measuring process tells its peer what comes next: a line there, a number back. */
public final class PeerLink implements AutoCloseable {
  private final Socket socket;
  private final BufferedReader in;
  private final PrintWriter out;

  /** Over this connection, which becomes its own. */
  public PeerLink(Socket socket) throws IOException {
    socket.setTcpNoDelay(true);
    this.socket = socket;
    this.in =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
    this.out = new PrintWriter(socket.getOutputStream(), false, StandardCharsets.UTF_8);
  }

  /** Asks, and waits for the answer. */
  public synchronized long ask(String line) {
    try {
      send(line);
      String answer = in.readLine();
      if (answer == null) {
        throw new Failure("the receiving process ended at '" + line + "'");
      }
      return Long.parseLong(answer);
    } catch (IOException | NumberFormatException broken) {
      throw new Failure("the receiving process failed at '" + line + "': " + broken, broken);
    }
  }

  /** The next line; null at the end. */
  public @Nullable String next() throws IOException {
    return in.readLine();
  }

  /** Sends a line. */
  public void send(String line) {
    out.println(line);
    out.flush();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
