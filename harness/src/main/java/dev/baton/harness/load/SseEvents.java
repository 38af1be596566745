package dev.baton.harness.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.Consumer;

/**
 * Server-sent events out of bytes that come in pieces of any size: what stands behind {@code data:}
 * up to an empty line. Comments and other fields are passed over; lines end with LF, CR or CR LF; a
 * last event without an empty line after it is none. For one thread.
 */
public final class SseEvents {
  private static final byte[] DATA = "data:".getBytes(StandardCharsets.US_ASCII);

  private final Consumer<String> event;
  private final StringBuilder data = new StringBuilder();
  private byte[] line = new byte[512];
  private int length;
  private boolean afterReturn;
  private boolean any;

  /** Hands each event's data to {@code event}. */
  public SseEvents(Consumer<String> event) {
    this.event = event;
  }

  /** Takes the next bytes, all of them. */
  public void bytes(ByteBuffer bytes) {
    while (bytes.hasRemaining()) {
      byte next = bytes.get();
      if (next == '\n' || next == '\r') {
        boolean secondHalf = next == '\n' && afterReturn;
        afterReturn = next == '\r';
        if (!secondHalf) {
          endLine();
        }
      } else {
        afterReturn = false;
        if (length == line.length) {
          line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = next;
      }
    }
  }

  private void endLine() {
    if (length == 0) {
      if (any) {
        String whole = data.toString();
        data.setLength(0);
        any = false;
        event.accept(whole);
      }
      return;
    }
    if (length >= DATA.length && Arrays.equals(line, 0, DATA.length, DATA, 0, DATA.length)) {
      int from = DATA.length;
      if (from < length && line[from] == ' ') {
        from++;
      }
      if (any) {
        data.append('\n');
      }
      data.append(new String(line, from, length - from, StandardCharsets.UTF_8));
      any = true;
    }
    length = 0;
  }
}
