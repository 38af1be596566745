package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.internal.v1.Commit;
import dev.baton.proto.internal.v1.Join;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.v1.SampledToken;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A prompt with KV of random bytes, and the messages that push it, built by hand. */
record Prompt(Layout layout, Ticket ticket, int tokens, List<BlockKey> keys, byte[][] kv) {
  static final Lineage LINEAGE = new Lineage("5a".repeat(32));
  static final Layout SMALL =
      new Layout(2, 1, 4, KvDtype.F32, 4, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  static final long EPOCH = 77;
  static final List<SampledToken> FIRST_TOKENS =
      List.of(SampledToken.newBuilder().setId(42).build());

  /** {@code tokens} tokens drawn by {@code random}, which also names the handoff. */
  static Prompt random(Layout layout, int tokens, Random random) {
    int[] ids = random.ints(tokens, 0, 1000).toArray();
    KeyChain chain = new KeyChain(LINEAGE, new TenantSalt("00".repeat(32)), layout.blockTokens());
    List<BlockKey> keys = chain.keys(ids);
    byte[][] kv = new byte[keys.size()][layout.blockBytes()];
    for (byte[] block : kv) {
      random.nextBytes(block);
    }
    return new Prompt(layout, new Ticket(random.nextLong(), EPOCH, 1), tokens, keys, kv);
  }

  Prompt withTicket(Ticket other) {
    return new Prompt(layout, other, tokens, keys, kv);
  }

  Open open() {
    return Open.newBuilder()
        .setTicket(ticket.toProto())
        .setSenderEpoch(5)
        .setLineage(ByteString.copyFrom(LINEAGE.bytes()))
        .setLayout(Layouts.toProto(layout))
        .setPromptTokens(tokens)
        .setVersion(FrameHeader.VERSION)
        .addAllKeys(keys.stream().map(key -> ByteString.copyFrom(key.bytes())).toList())
        .build();
  }

  byte[] payload(int block, int layer, PlaneKind kind) {
    int from = layout.planeOffset(layer, kind);
    return Arrays.copyOfRange(kv[block], from, from + layout.planeBytes());
  }

  FrameHeader header(int block, int layer, PlaneKind kind) {
    return FrameHeader.of(
        ticket, block, keys.get(block), layer, kind, ByteBuffer.wrap(payload(block, layer, kind)));
  }

  byte[] frame(int block, int layer, PlaneKind kind) {
    return message(header(block, layer, kind), payload(block, layer, kind));
  }

  /** All frames of these blocks, in order. */
  List<byte[]> frames(int... blocks) {
    return IntStream.of(blocks)
        .boxed()
        .flatMap(block ->
            IntStream.range(0, layout.planes())
                .mapToObj(p -> frame(block, p / 2, PlaneKind.values()[p % 2])))
        .toList();
  }

  Commit commit(int blocks) {
    return Commit.newBuilder()
        .setFrames(blocks * layout.planes())
        .setBytes((long) blocks * layout.blockBytes())
        .addAllFirstTokens(FIRST_TOKENS)
        .build();
  }

  static byte[] message(Open open) {
    return ControlMessage.bytes(1, open.toByteArray());
  }

  byte[] join(int stripe) {
    return message(Join.newBuilder().setTicket(ticket.toProto()).setStripe(stripe).build());
  }

  static byte[] message(Join join) {
    return ControlMessage.bytes(9, join.toByteArray());
  }

  static byte[] message(Commit commit) {
    return ControlMessage.bytes(3, commit.toByteArray());
  }

  static byte[] message(FrameHeader header, byte[] payload) {
    return message(
        2,
        ByteBuffer.allocate(FrameHeader.BYTES + payload.length)
            .put(header.bytes())
            .put(payload)
            .array());
  }

  static byte[] message(int kind, byte[] body) {
    return ByteBuffer.allocate(1 + body.length).put((byte) kind).put(body).array();
  }
}
