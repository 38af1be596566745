package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.PlaneKind;
import io.grpc.Drainable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OutgoingMessageTest {
  private final Prompt prompt = Prompt.random(Prompt.SMALL, 4, new Random(40));
  private final byte[] bytes = prompt.frame(0, 0, PlaneKind.K);
  private final MemorySegment plane = Arena.ofAuto().allocate(Prompt.SMALL.planeBytes());
  private final byte[] scratch = new byte[24];
  private final OutgoingMessage message;

  OutgoingMessageTest() {
    plane.copyFrom(MemorySegment.ofArray(prompt.payload(0, 0, PlaneKind.K)));
    message = OutgoingMessage.of(prompt.header(0, 0, PlaneKind.K), plane, scratch);
  }

  private InputStream stream() {
    return new OutgoingMessageWriter().stream(message);
  }

  private byte[] drained(InputStream in) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int expected = in.available();
    assertThat(((Drainable) in).drainTo(out)).isEqualTo(expected);
    assertThat(in.available()).isZero();
    return out.toByteArray();
  }

  @Test
  void drainingAndReadingGiveTheSameBytes() throws IOException {
    assertThat(drained(stream())).isEqualTo(bytes);
    InputStream in = stream();
    assertThat(in.available()).isEqualTo(bytes.length);
    assertThat(in.readAllBytes()).isEqualTo(bytes);
    assertThat(in.read()).isEqualTo(-1);
  }

  @Test
  void readingByteByByteThenDrainingMissesNothing() throws IOException {
    for (int first = 0; first <= bytes.length; first += 7) {
      InputStream in = stream();
      ByteArrayOutputStream read = new ByteArrayOutputStream();
      for (int i = 0; i < first; i++) {
        read.write(in.read());
      }
      read.write(drained(in));
      assertThat(read.toByteArray()).isEqualTo(bytes);
    }
  }

  @Test
  void whatATransportKeptForLaterIsNotTheBlock() throws IOException {
    InputStream later = stream();
    message.letGo();
    plane.fill((byte) 0);
    Arrays.fill(scratch, (byte) 1);
    assertThat(drained(later)).isEqualTo(bytes);
    assertThat(scratch).containsOnly(1);
  }

  @Test
  void whatWasSentIsNotCopiedAgain() throws IOException {
    drained(stream());
    message.letGo();
    plane.fill((byte) 0);
    assertThat(drained(stream())).endsWith(0, 0, 0, 0);
  }
}
