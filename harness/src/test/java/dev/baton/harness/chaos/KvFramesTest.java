package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Bytes by RFC 9113 (frames of HTTP/2) and docs/handoff.md (frames of KV). */
class KvFramesTest {
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int DATA = 0;
  private static final int HEADERS = 1;

  /** A frame of KV with so many bytes of payload. */
  private static byte[] kv(int length) {
    ByteBuffer frame = ByteBuffer.allocate(44 + length).order(ByteOrder.LITTLE_ENDIAN);
    frame.putInt(0x564B5442).putShort((short) 1).put((byte) 1).put((byte) 0);
    frame.putLong(77).putInt(1).putInt(2).putInt(3).putInt(length).putLong(0x1234).putInt(0xABCD);
    while (frame.hasRemaining()) {
      frame.put((byte) 9);
    }
    return frame.array();
  }

  private static byte[] http2(int type, byte[] payload) {
    return ByteBuffer.allocate(9 + payload.length)
        .put((byte) (payload.length >> 16))
        .putShort((short) payload.length)
        .put((byte) type)
        .put((byte) 0)
        .putInt(1)
        .put(payload)
        .array();
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  private record Found(int from, int to) {}

  private static List<Found> found(boolean fromClient, byte[] bytes, int pieceBytes) {
    KvFrames frames = new KvFrames(fromClient);
    List<Found> found = new ArrayList<>();
    for (int at = 0; at < bytes.length; at += pieceBytes) {
      byte[] piece = Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + pieceBytes));
      int offset = at;
      frames.piece(
          piece, piece.length, (_, from, to) -> found.add(new Found(offset + from, offset + to)));
    }
    return found;
  }

  private static byte[] preface() {
    return PREFACE.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void frameInADataFrameIsFoundBehindItsMagicAndVersion() {
    byte[] grpcPrefix = {0, 0, 0, 0, 50, 10, 50};
    byte[] stream = joined(preface(), http2(DATA, joined(grpcPrefix, kv(100))));
    int start = 24 + 9 + 7;

    assertThat(found(true, stream, stream.length))
        .containsExactly(new Found(start + 6, start + 144));
  }

  @Test
  void sameBytesInAHeadersFrameAreNotTouched() {
    byte[] stream = joined(preface(), http2(HEADERS, kv(100)));

    assertThat(found(true, stream, stream.length)).isEmpty();
  }

  @Test
  void framesAreFoundInBothDirectionsAndOneBehindTheOther() {
    byte[] stream = joined(http2(HEADERS, new byte[3]), http2(DATA, joined(kv(20), kv(30))));

    assertThat(found(false, stream, stream.length)).hasSize(2);
  }

  @Test
  void rangeEndsWithTheDataFrameWhereTheKvFrameGoesOnInTheNext() {
    byte[] frame = kv(100);
    byte[] stream =
        joined(
            http2(DATA, Arrays.copyOf(frame, 60)), http2(DATA, Arrays.copyOfRange(frame, 60, 144)));

    assertThat(found(false, stream, stream.length)).containsExactly(new Found(9 + 6, 9 + 60));
  }

  @Test
  void piecesOfAnySizeKeepTheFramingOfHttp2() {
    byte[] stream = joined(preface(), http2(HEADERS, kv(5)), http2(DATA, kv(100)));
    int start = 24 + 9 + 49 + 9;
    // Pieces that end where the frame begins; the header's bytes come one by one before that.
    KvFrames frames = new KvFrames(true);
    List<Integer> found = new ArrayList<>();
    for (int at = 0; at < start; at++) {
      frames.piece(new byte[] {stream[at]}, 1, (_, _, _) -> found.add(-1));
    }
    byte[] rest = Arrays.copyOfRange(stream, start, stream.length);
    frames.piece(rest, rest.length, (_, from, _) -> found.add(from));

    assertThat(found).containsExactly(6);
  }
}
