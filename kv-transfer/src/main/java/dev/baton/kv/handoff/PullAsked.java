package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.PullRequest;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.InputStream;

/** The request of Pull as the source reads it. Nothing of it is verified. */
sealed interface PullAsked {
  /** Asks for blocks. */
  record Blocks(PullRequest request) implements PullAsked {}

  /** Bytes that are no request, as a value: what is thrown while gRPC parses loses its reason. */
  record Malformed(Refusal refusal, String detail) implements PullAsked {}

  /** Reads requests; whatever the bytes are, it throws nothing. */
  final class Reader implements Marshaller<PullAsked> {
    @Override
    public PullAsked parse(InputStream in) {
      try {
        int kind = in.read();
        if (kind != KvTransfer.PULL) {
          return new Malformed(Refusal.PROTOCOL, "request kind: " + kind + ", expected 5");
        }
        return new Blocks(PullRequest.parseFrom(ControlMessage.message(kind, in.readAllBytes())));
      } catch (HandoffException e) {
        return new Malformed(e.refusal().orElse(Refusal.PROTOCOL), e.detail());
      } catch (IOException | StatusRuntimeException e) {
        return new Malformed(Refusal.PROTOCOL, "request: unreadable, " + e.getMessage());
      }
    }

    @Override
    public InputStream stream(PullAsked request) {
      throw new UnsupportedOperationException("the source sends no requests");
    }
  }
}
