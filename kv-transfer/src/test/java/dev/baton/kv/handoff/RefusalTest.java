package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.baton.kv.PlaneKind;
import dev.baton.proto.internal.v1.KvDtype;
import dev.baton.proto.internal.v1.Open;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that a receiver refuses, one row each, over real connections. Block 0 of three is
 * present, blocks 1 and 2 are missing.
 */
class RefusalTest {
  private static final Random RANDOM = new Random(8);
  private static Loopback loopback;

  @BeforeAll
  static void start() throws IOException {
    loopback = new Loopback(Prompt.SMALL, 12);
  }

  @AfterAll
  static void stop() {
    loopback.close();
  }

  /** What a test of a row does with its stream. */
  private interface Sending {
    void on(RawPush push, Prompt prompt) throws Exception;
  }

  /**
   * One way to be refused.
   *
   * @param fatal whether it fails the expected handoff: true once the ticket was found good
   */
  private record Row(String name, Refusal refusal, boolean fatal, Sending sending) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Row stranger(String name, Refusal refusal, Sending sending) {
    return new Row(name, refusal, false, sending);
  }

  private static Row open(
      String name, Refusal refusal, boolean fatal, Function<Open.Builder, Open.Builder> change) {
    return new Row(
        name,
        refusal,
        fatal,
        (push, prompt) ->
            push.send(Prompt.message(change.apply(prompt.open().toBuilder()).build())));
  }

  private static Row opened(String name, Refusal refusal, Sending sending) {
    return new Row(
        name,
        refusal,
        true,
        (push, prompt) -> {
          push.send(Prompt.message(prompt.open()));
          assertThat(push.accepted()).containsExactly(1, 2);
          sending.on(push, prompt);
        });
  }

  /** A frame whose header was changed and then given the checksum that fits. */
  private static Row frame(String name, Refusal refusal, UnaryOperator<FrameHeader> change) {
    return opened(
        name,
        refusal,
        (push, prompt) -> {
          byte[] payload = prompt.payload(1, 1, PlaneKind.V);
          FrameHeader header = change.apply(prompt.header(1, 1, PlaneKind.V));
          push.send(
              Prompt.message(header.withCrc(header.checksum(ByteBuffer.wrap(payload))), payload));
        });
  }

  private static Row length(String name, int announced, int sent) {
    return opened(
        name,
        Refusal.FRAME,
        (push, prompt) -> {
          byte[] payload = Arrays.copyOf(prompt.payload(1, 0, PlaneKind.K), sent);
          FrameHeader h = prompt.header(1, 0, PlaneKind.K);
          FrameHeader header =
              new FrameHeader(
                  h.magic(),
                  h.version(),
                  h.kind(),
                  h.reserved(),
                  h.handoffId(),
                  h.generation(),
                  h.block(),
                  h.layer(),
                  announced,
                  h.fingerprint(),
                  0);
          push.send(
              Prompt.message(header.withCrc(header.checksum(ByteBuffer.wrap(payload))), payload));
        });
  }

  private static FrameHeader with(
      FrameHeader h, int magic, int version, int kind, int reserved, int block, int layer) {
    return new FrameHeader(
        magic,
        version,
        kind,
        reserved,
        h.handoffId(),
        h.generation(),
        block,
        layer,
        h.length(),
        h.fingerprint(),
        h.crc());
  }

  private static FrameHeader named(FrameHeader h, long handoff, int generation, long fingerprint) {
    return new FrameHeader(
        h.magic(),
        h.version(),
        h.kind(),
        h.reserved(),
        handoff,
        generation,
        h.block(),
        h.layer(),
        h.length(),
        fingerprint,
        h.crc());
  }

  private static ByteString bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return ByteString.copyFrom(bytes);
  }

  static Stream<Row> rows() {
    return Stream.of(tickets(), identities(), orders(), frames(), counts(), garbage())
        .flatMap(rows -> rows);
  }

  private static Stream<Row> tickets() {
    return Stream.of(
        open(
            "a handoff id that is not expected",
            Refusal.UNKNOWN_TICKET,
            false,
            o -> {
              o.getTicketBuilder().setHandoffId(o.getTicket().getHandoffId() + 1);
              return o;
            }),
        open("no ticket", Refusal.EPOCH, false, Open.Builder::clearTicket),
        open(
            "an epoch that never was this worker's",
            Refusal.EPOCH,
            false,
            o -> {
              o.getTicketBuilder().setReceiverEpoch(Prompt.EPOCH + 1);
              return o;
            }),
        open(
            "another epoch of this worker",
            Refusal.EPOCH,
            false,
            o -> {
              o.getTicketBuilder().setReceiverEpoch(Prompt.EPOCH - 1);
              return o;
            }),
        open(
            "an older generation",
            Refusal.GENERATION,
            false,
            o -> {
              o.getTicketBuilder().setGeneration(0);
              return o;
            }),
        open(
            "a newer generation, which the expected one gives way to",
            Refusal.GENERATION,
            true,
            o -> {
              o.getTicketBuilder().setGeneration(2);
              return o;
            }));
  }

  private static Stream<Row> identities() {
    return Stream.of(
        open("no version", Refusal.VERSION, true, Open.Builder::clearVersion),
        open("a version of the future", Refusal.VERSION, true, o -> o.setVersion(2)),
        open(
            "another lineage",
            Refusal.LINEAGE,
            true,
            o -> o.setLineage(ByteString.copyFrom(new byte[32]))),
        open("no lineage", Refusal.LINEAGE, true, Open.Builder::clearLineage),
        open(
            "a lineage too long",
            Refusal.LINEAGE,
            true,
            o -> o.setLineage(ByteString.copyFrom(new byte[100_000]))),
        open("no layout", Refusal.LAYOUT, true, Open.Builder::clearLayout),
        open(
            "another number of layers",
            Refusal.LAYOUT,
            true,
            o -> {
              o.getLayoutBuilder().setLayers(3);
              return o;
            }),
        open(
            "a layout that cannot be",
            Refusal.LAYOUT,
            true,
            o -> {
              o.getLayoutBuilder().setHeadSize(-1);
              return o;
            }),
        open(
            "an unspecified dtype",
            Refusal.LAYOUT,
            true,
            o -> {
              o.getLayoutBuilder().setDtype(KvDtype.KV_DTYPE_UNSPECIFIED);
              return o;
            }),
        open(
            "an unknown order",
            Refusal.LAYOUT,
            true,
            o -> {
              o.getLayoutBuilder().setOrderValue(9);
              return o;
            }),
        open(
            "a last key that differs in one bit",
            Refusal.KEY,
            true,
            o -> {
              byte[] key = o.getKeys(2).toByteArray();
              key[15] ^= 1;
              return o.setKeys(2, ByteString.copyFrom(key));
            }),
        open("a key of 15 bytes", Refusal.KEY, true, o -> o.setKeys(0, o.getKeys(0).substring(1))),
        open(
            "a key too few",
            Refusal.KEY,
            true,
            o -> {
              var keys = o.getKeysList().subList(0, 2);
              return Open.newBuilder(o.build()).clearKeys().addAllKeys(keys);
            }),
        open("a key too many", Refusal.KEY, true, o -> o.addKeys(o.getKeys(0))),
        open(
            "keys in another order",
            Refusal.KEY,
            true,
            o -> {
              ByteString first = o.getKeys(0);
              return o.setKeys(0, o.getKeys(1)).setKeys(1, first);
            }),
        open("too many prompt tokens for the keys", Refusal.KEY, true, o -> o.setPromptTokens(13)),
        open("no prompt tokens", Refusal.KEY, true, Open.Builder::clearPromptTokens));
  }

  private static Stream<Row> orders() {
    return Stream.of(
        stranger(
            "a frame before Open",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(prompt.frame(1, 0, PlaneKind.K))),
        stranger(
            "Commit before Open",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(Prompt.message(prompt.commit(2)))),
        stranger("an end before Open", Refusal.PROTOCOL, (push, prompt) -> push.halfClose()),
        opened(
            "Open twice",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(Prompt.message(prompt.open()))),
        opened(
            "an end before Commit",
            Refusal.PROTOCOL,
            (push, prompt) -> {
              push.send(prompt.frames(1, 2));
              push.halfClose();
            }));
  }

  private static Stream<Row> frames() {
    long other = 0x0123456789ABCDEFL;
    int most = Integer.MIN_VALUE;
    int planeBytes = Prompt.SMALL.planeBytes();
    return Stream.of(
        frame("another magic", Refusal.FRAME, h -> with(h, 0x4B425456, 1, 2, 0, 1, 1)),
        frame("version 0", Refusal.VERSION, h -> with(h, h.magic(), 0, 2, 0, 1, 1)),
        frame("version 2", Refusal.VERSION, h -> with(h, h.magic(), 2, 2, 0, 1, 1)),
        frame("kind 0", Refusal.FRAME, h -> with(h, h.magic(), 1, 0, 0, 1, 1)),
        frame("kind 3", Refusal.FRAME, h -> with(h, h.magic(), 1, 3, 0, 1, 1)),
        frame("a reserved byte", Refusal.FRAME, h -> with(h, h.magic(), 1, 2, 1, 1, 1)),
        frame(
            "a block that is here already", Refusal.FRAME, h -> with(h, h.magic(), 1, 2, 0, 0, 1)),
        frame("a block beyond the prompt", Refusal.FRAME, h -> with(h, h.magic(), 1, 2, 0, 3, 1)),
        frame("a block above 2^31", Refusal.FRAME, h -> with(h, h.magic(), 1, 2, 0, most + 1, 1)),
        frame("a layer too high", Refusal.FRAME, h -> with(h, h.magic(), 1, 2, 0, 1, 2)),
        frame("a layer above 2^31", Refusal.FRAME, h -> with(h, h.magic(), 1, 2, 0, 1, most)),
        frame(
            "another handoff's id",
            Refusal.UNKNOWN_TICKET,
            h -> named(h, other, h.generation(), h.fingerprint())),
        frame(
            "an older generation's frame",
            Refusal.GENERATION,
            h -> named(h, h.handoffId(), 0, h.fingerprint())),
        frame(
            "another block's key",
            Refusal.KEY,
            h -> named(h, h.handoffId(), h.generation(), other)),
        length("a payload longer than a plane", planeBytes + 1, planeBytes + 1),
        length("an empty payload", 0, 0),
        length("a payload shorter than it says", planeBytes, planeBytes - 1),
        length("a payload longer than it says", planeBytes, planeBytes + 1),
        length("a negative length", -1, planeBytes),
        opened(
            "a wrong checksum",
            Refusal.CHECKSUM,
            (push, prompt) -> {
              FrameHeader header = prompt.header(1, 0, PlaneKind.K);
              push.send(
                  Prompt.message(
                      header.withCrc(header.crc() + 1), prompt.payload(1, 0, PlaneKind.K)));
            }),
        opened(
            "one flipped bit of KV, after good frames",
            Refusal.CHECKSUM,
            (push, prompt) -> {
              push.send(prompt.frames(1));
              byte[] frame = prompt.frame(2, 1, PlaneKind.V);
              frame[frame.length - 1] ^= 0x40;
              push.send(frame);
            }));
  }

  private static Stream<Row> counts() {
    return Stream.of(
        opened(
            "a plane twice",
            Refusal.COUNT,
            (push, prompt) -> {
              push.send(prompt.frames(1));
              push.send(prompt.frame(1, 1, PlaneKind.K));
            }),
        opened(
            "Commit before all planes came",
            Refusal.COUNT,
            (push, prompt) -> {
              push.send(prompt.frames(1, 2).subList(0, 7));
              push.send(Prompt.message(prompt.commit(2)));
            }),
        opened(
            "Commit before any plane came",
            Refusal.COUNT,
            (push, prompt) -> push.send(Prompt.message(prompt.commit(0)))),
        opened(
            "Commit that counts other frames",
            Refusal.COUNT,
            (push, prompt) -> {
              push.send(prompt.frames(1, 2));
              push.send(Prompt.message(prompt.commit(2).toBuilder().setFrames(7).build()));
            }),
        opened(
            "Commit that counts other bytes",
            Refusal.COUNT,
            (push, prompt) -> {
              push.send(prompt.frames(1, 2));
              push.send(Prompt.message(prompt.commit(2).toBuilder().setBytes(-1).build()));
            }));
  }

  private static Stream<Row> garbage() {
    byte[] noise = new byte[5000];
    new Random(9).nextBytes(noise);
    noise[0] = 0x55;
    return Stream.of(
        stranger("an empty message", Refusal.PROTOCOL, (push, prompt) -> push.send(new byte[0])),
        stranger(
            "an unknown kind of message",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(new byte[] {5, 1, 2, 3})),
        stranger(
            "a Renew before Open", Refusal.PROTOCOL, (push, prompt) -> push.send(new byte[] {4})),
        opened(
            "a Renew with a body",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(new byte[] {4, 0})),
        stranger(
            "a Join before Open", Refusal.PROTOCOL, (push, prompt) -> push.send(prompt.join(1))),
        stranger(
            "a Join with another generation",
            Refusal.GENERATION,
            (push, prompt) -> {
              Ticket ticket = prompt.ticket();
              push.send(
                  prompt
                      .withTicket(new Ticket(ticket.handoffId(), ticket.receiverEpoch(), 2))
                      .join(1));
            }),
        stranger(
            "an empty Join",
            Refusal.EPOCH,
            (push, prompt) -> push.send(ControlMessage.bytes(9, new byte[0]))),
        stranger(
            "a Join that is not protobuf",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(ControlMessage.bytes(9, new byte[] {10, 99}))),
        opened(
            "a Join on the stream that opened the handoff",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(prompt.join(1))),
        stranger("noise", Refusal.PROTOCOL, (push, prompt) -> push.send(noise)),
        stranger(
            "an Open that is not protobuf",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(ControlMessage.bytes(1, new byte[] {10, 99}))),
        stranger(
            "an empty Open",
            Refusal.EPOCH,
            (push, prompt) -> push.send(ControlMessage.bytes(1, new byte[0]))),
        stranger(
            "an Open without its checksum",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(new byte[] {1, 0, 0, 0})),
        stranger(
            "an Open with the checksum of a Commit",
            Refusal.CHECKSUM,
            (push, prompt) -> {
              byte[] message = ControlMessage.bytes(3, prompt.open().toByteArray());
              message[0] = 1;
              push.send(message);
            }),
        opened("noise after Accept", Refusal.PROTOCOL, (push, prompt) -> push.send(noise)),
        opened(
            "a frame shorter than its header",
            Refusal.FRAME,
            (push, prompt) ->
                push.send(Arrays.copyOf(prompt.frame(1, 0, PlaneKind.K), FrameHeader.BYTES))),
        opened("a frame of nothing", Refusal.FRAME, (push, prompt) -> push.send(new byte[] {2})),
        opened(
            "a Commit that is not protobuf",
            Refusal.PROTOCOL,
            (push, prompt) -> push.send(ControlMessage.bytes(3, bytes(0xFF, 0xFF).toByteArray()))));
  }

  @ParameterizedTest
  @MethodSource("rows")
  void isRefusedWithItsReasonAndLeavesNothingBehind(Row row) throws Exception {
    Prompt prompt = Prompt.random(Prompt.SMALL, 12, RANDOM);
    Destination destination = loopback.expect(prompt, 0);
    Map<Refusal, Integer> before = loopback.refusals();

    RawPush push = loopback.raw();
    row.sending().on(push, prompt);
    StatusRuntimeException status = push.end();

    HandoffException refused = HandoffException.from(status);
    assertThat(refused.refusal()).contains(row.refusal());
    assertThat(refused.getMessage()).isNotEmpty().hasSizeLessThan(400);
    assertThat(status.getStatus().getCode()).isEqualTo(row.refusal().statusCode());
    before.merge(row.refusal(), 1, Integer::sum);
    assertThat(loopback.refusals()).isEqualTo(before);
    destination.assertFilledWith(Destination.PATTERN, 0);

    if (row.fatal()) {
      assertThat(destination.failure().refusal()).contains(row.refusal());
      assertThat(loopback.active()).isZero();
    } else {
      destination.assertUntouched();
      assertThat(destination.heard).isEmpty();
      assertThat(loopback.active()).isEqualTo(1);
      loopback.push(prompt);
      assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
      destination.assertArrived();
    }
    assertThat(destination.heard).isEmpty();
    destination.release();
    loopback.assertStillWorks(Prompt.random(Prompt.SMALL, 12, RANDOM));
    loopback.assertZero();
  }
}
