package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockKey;
import dev.baton.kv.PlaneKind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Golden values come from src/test/python/frame_header_golden.py. */
class FrameHeaderTest {
  private record Golden(FrameHeader header, byte[] payload, byte[] bytes) {
    static Golden of(String line) {
      String[] fields = line.split(" ");
      HexFormat hex = HexFormat.of();
      byte[] payload = fields[6].equals("-") ? new byte[0] : hex.parseHex(fields[6]);
      FrameHeader header =
          FrameHeader.of(
              new Ticket(
                  Long.parseUnsignedLong(fields[1], 16), 0, Integer.parseUnsignedInt(fields[2])),
              Integer.parseInt(fields[3]),
              BlockKey.of(hex.parseHex(fields[5])),
              Integer.parseInt(fields[4]),
              fields[0].equals("1") ? PlaneKind.K : PlaneKind.V,
              ByteBuffer.wrap(payload));
      return new Golden(header, payload, hex.parseHex(fields[7]));
    }
  }

  private static List<Golden> goldens() throws IOException {
    try (InputStream in = FrameHeaderTest.class.getResourceAsStream("frame-header.golden")) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .map(Golden::of)
          .toList();
    }
  }

  @Test
  void bytesAreThoseOfTheIndependentScript() throws IOException {
    assertThat(goldens()).hasSize(22);
    for (Golden golden : goldens()) {
      assertThat(golden.header().bytes()).isEqualTo(golden.bytes()).hasSize(FrameHeader.BYTES);
    }
  }

  @Test
  void readingGivesWhatWasWritten() throws IOException {
    for (Golden golden : goldens()) {
      FrameHeader read = FrameHeader.read(golden.bytes());
      assertThat(read).isEqualTo(golden.header());
      assertThat(read.checksum(ByteBuffer.wrap(golden.payload()))).isEqualTo(read.crc());
    }
  }

  @Test
  void everyFieldIsReadFromItsPlace() {
    byte[] bytes = new byte[FrameHeader.BYTES];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (0x80 + i);
    }
    assertThat(FrameHeader.read(bytes))
        .isEqualTo(
            new FrameHeader(
                0x83828180,
                0x8584,
                0x86,
                0x87,
                0x8F8E8D8C8B8A8988L,
                0x93929190,
                0x97969594,
                0x9B9A9998,
                0x9F9E9D9C,
                0xA7A6A5A4A3A2A1A0L,
                0xABAAA9A8));
  }

  @Test
  void onlyTwoKindsOfPlaneExist() {
    FrameHeader header = new FrameHeader(0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    assertThat(header.planeKind()).contains(PlaneKind.K);
    for (int kind = 0; kind < 256; kind++) {
      FrameHeader other = new FrameHeader(0, 0, kind, 0, 0, 0, 0, 0, 0, 0, 0);
      assertThat(other.planeKind().isPresent()).isEqualTo(kind == 1 || kind == 2);
    }
  }
}
