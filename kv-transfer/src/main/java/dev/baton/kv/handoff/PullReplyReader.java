package dev.baton.kv.handoff;

import dev.baton.kv.handoff.PullReply.Malformed;
import dev.baton.proto.internal.v1.PullAccept;
import dev.baton.proto.internal.v1.PullEnd;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/** Reads replies of Pull; whatever the bytes are, it throws nothing. */
final class PullReplyReader implements Marshaller<PullReply> {
  @Override
  public PullReply parse(InputStream in) {
    try {
      int kind = in.read();
      return switch (kind) {
        case KvTransfer.PULL_ACCEPT ->
            new PullReply.Accepted(PullAccept.parseFrom(control(kind, in)));
        case KvTransfer.FRAME -> {
          PushMessage.Frame frame = PushMessageReader.frame(in);
          yield new PullReply.Frame(frame.header(), frame.payload());
        }
        case KvTransfer.PULL_END -> new PullReply.Ended(PullEnd.parseFrom(control(kind, in)));
        default -> new Malformed(Refusal.PROTOCOL, "reply kind: " + kind + ", expected 2, 6 or 7");
      };
    } catch (HandoffException e) {
      return new Malformed(e.refusal().orElse(Refusal.PROTOCOL), e.detail());
    } catch (IOException | StatusRuntimeException e) {
      return new Malformed(Refusal.PROTOCOL, "reply: unreadable, " + e.getMessage());
    }
  }

  private static ByteBuffer control(int kind, InputStream in) throws IOException, HandoffException {
    return ControlMessage.message(kind, in.readAllBytes());
  }

  @Override
  public InputStream stream(PullReply reply) {
    throw new UnsupportedOperationException("the puller sends no replies");
  }
}
