package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.PullAccept;
import dev.baton.proto.internal.v1.PullEnd;

/** A reply of Pull as the puller reads it. Nothing of it is verified. */
sealed interface PullReply extends AutoCloseable {
  /** Gives the reply's memory back to the transport. */
  @Override
  default void close() {}

  /** Says how many blocks will come. */
  record Accepted(PullAccept accept) implements PullReply {}

  /**
   * One plane.
   *
   * @param payload the bytes behind the header; whoever takes the reply in closes it
   */
  record Frame(FrameHeader header, Payload payload) implements PullReply {
    @Override
    public void close() {
      payload.close();
    }
  }

  /** Says that everything was sent. */
  record Ended(PullEnd end) implements PullReply {}

  /** Bytes that are no reply, as a value: what is thrown while gRPC parses loses its reason. */
  record Malformed(Refusal refusal, String detail) implements PullReply {}
}
