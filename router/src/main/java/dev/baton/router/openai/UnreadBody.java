package dev.baton.router.openai;

import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;

/**
 * The body of a request that was refused before all of it was read.
 *
 * <p>A connection that is closed while its client still sends is reset, and the reset takes away
 * the refusal that lay ready on the client's side (RFC 9112, 9.6). Most clients read nothing until
 * they have sent everything. So what still comes is read away, once the refusal was written, and
 * the connection serves on.
 */
final class UnreadBody {
  /** What is read away at most; who sends more is cut off. */
  private static final long MOST_BYTES = 64L << 20;

  private UnreadBody() {}

  /**
   * Whether the client sends, or has sent, more than was read. One that waits for "100 Continue"
   * does not, and is not told to.
   */
  static boolean isLeftOf(HttpServletRequest request) throws IOException {
    boolean has =
        request.getContentLengthLong() > 0 || request.getHeader("Transfer-Encoding") != null;
    return has && request.getHeader("Expect") == null && !request.getInputStream().isFinished();
  }

  /**
   * Reads to the end of the body, or until it is too much.
   *
   * @throws IOException if the client went away, or sent nothing for as long as a connection may
   */
  static void discard(HttpServletRequest request) throws IOException {
    ServletInputStream in = request.getInputStream();
    byte[] buffer = new byte[1 << 16];
    long rest = MOST_BYTES;
    int read = 0;
    while (read >= 0 && rest > 0) {
      rest -= read;
      read = in.read(buffer);
    }
  }
}
