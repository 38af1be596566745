package dev.baton.kv.handoff;

import dev.baton.kv.handoff.PushMessage.Malformed;
import dev.baton.proto.internal.v1.Commit;
import dev.baton.proto.internal.v1.Join;
import dev.baton.proto.internal.v1.Open;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Reads requests of Push; whatever the bytes are, it throws nothing. */
final class PushMessageReader implements Marshaller<PushMessage> {
  @Override
  public PushMessage parse(InputStream in) {
    try {
      int kind = in.read();
      return switch (kind) {
        case KvTransfer.OPEN -> new PushMessage.Opening(Open.parseFrom(control(kind, in)));
        case KvTransfer.FRAME -> frame(in);
        case KvTransfer.COMMIT -> new PushMessage.Committing(Commit.parseFrom(control(kind, in)));
        case KvTransfer.RENEW -> bare("renew", in, new PushMessage.Renewing());
        case KvTransfer.JOIN -> new PushMessage.Joining(Join.parseFrom(control(kind, in)));
        case KvTransfer.WAKE -> bare("wake", in, new PushMessage.Waking());
        case -1 -> new Malformed(Refusal.PROTOCOL, "message: empty, expected a kind byte");
        default ->
            new Malformed(Refusal.PROTOCOL, "message kind: " + kind + ", expected 1 to 4, 8 or 9");
      };
    } catch (HandoffException e) {
      return new Malformed(e.refusal().orElse(Refusal.PROTOCOL), e.detail());
    } catch (IOException | StatusRuntimeException e) {
      // Bytes that are not protobuf, or not what their compression says.
      return new Malformed(Refusal.PROTOCOL, "message: unreadable, " + e.getMessage());
    }
  }

  private static ByteBuffer control(int kind, InputStream in) throws IOException, HandoffException {
    return ControlMessage.message(kind, in.readAllBytes());
  }

  private static PushMessage bare(String name, InputStream in, PushMessage message)
      throws IOException {
    return in.read() < 0
        ? message
        : new Malformed(Refusal.PROTOCOL, name + ": it has a body, expected none");
  }

  /**
   * The frame behind its kind byte.
   *
   * @throws HandoffException a refusal, if there is not even a header
   */
  static PushMessage.Frame frame(InputStream in) throws IOException, HandoffException {
    byte[] header = in.readNBytes(FrameHeader.BYTES);
    if (header.length < FrameHeader.BYTES) {
      throw HandoffException.refused(
          Refusal.FRAME,
          "frame: %d bytes, expected a header of %d".formatted(header.length, FrameHeader.BYTES));
    }
    return new PushMessage.Frame(FrameHeader.read(header), Payload.of(in));
  }

  @Override
  public InputStream stream(PushMessage message) {
    throw new UnsupportedOperationException("the receiver sends no requests");
  }
}
