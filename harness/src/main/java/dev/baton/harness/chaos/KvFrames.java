package dev.baton.harness.chaos;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Finds the frames of KV in one direction of an HTTP/2 connection, as docs/handoff.md lays them
 * out, without changing anything itself. What is not in a DATA frame, or is no KV frame, is passed
 * over: headers, settings, and the messages that open and commit handoffs. For one thread.
 */
final class KvFrames {
  /** Hears of frames. */
  @FunctionalInterface
  interface Listener {
    /**
     * A frame's bytes from {@code from} to before {@code to}: what follows its magic and version,
     * as far as it is in this piece. All of them are covered by the frame's checksum.
     */
    void frame(byte[] buffer, int from, int to);
  }

  /** What a client says first, by RFC 9113, section 3.4. */
  private static final int PREFACE_BYTES = 24;

  private static final int FRAME_HEADER_BYTES = 9;
  private static final int DATA = 0;

  /** "BTKV" and version 1, little-endian. */
  private static final byte[] MAGIC = {'B', 'T', 'K', 'V', 1, 0};

  private static final int KV_HEADER_BYTES = 44;
  private static final int LENGTH_AT = 28;

  private final byte[] header = new byte[FRAME_HEADER_BYTES];
  private int prefaceLeft;
  private int headerBytes;
  private int payloadLeft;
  private int type;

  /** For what a client sends to its server, or for what comes back. */
  KvFrames(boolean fromClient) {
    prefaceLeft = fromClient ? PREFACE_BYTES : 0;
  }

  /** Takes the next piece: the first {@code length} bytes. */
  void piece(byte[] buffer, int length, Listener listener) {
    int at = Math.min(prefaceLeft, length);
    prefaceLeft -= at;
    while (at < length) {
      if (payloadLeft > 0) {
        int end = at + Math.min(payloadLeft, length - at);
        if (type == DATA) {
          scan(buffer, at, end, listener);
        }
        payloadLeft -= end - at;
        at = end;
      } else {
        header[headerBytes++] = buffer[at++];
        if (headerBytes == FRAME_HEADER_BYTES) {
          headerBytes = 0;
          payloadLeft = (header[0] & 0xFF) << 16 | (header[1] & 0xFF) << 8 | (header[2] & 0xFF);
          type = header[3];
        }
      }
    }
  }

  private static void scan(byte[] buffer, int from, int end, Listener listener) {
    int at = from;
    while (at + KV_HEADER_BYTES <= end) {
      if (startsAt(buffer, at)) {
        int length =
            ByteBuffer.wrap(buffer, at + LENGTH_AT, 4).order(ByteOrder.LITTLE_ENDIAN).getInt();
        int frameEnd = (int) Math.min(end, at + (long) KV_HEADER_BYTES + Math.max(0, length));
        listener.frame(buffer, at + MAGIC.length, frameEnd);
        at = frameEnd;
      } else {
        at++;
      }
    }
  }

  private static boolean startsAt(byte[] buffer, int at) {
    for (int i = 0; i < MAGIC.length; i++) {
      if (buffer[at + i] != MAGIC[i]) {
        return false;
      }
    }
    return true;
  }
}
