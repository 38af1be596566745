package dev.baton.kv.handoff;

import dev.baton.proto.internal.v1.Commit;
import dev.baton.proto.internal.v1.Join;
import dev.baton.proto.internal.v1.Open;

/** A request of Push as the receiver reads it. Nothing of it is verified. */
sealed interface PushMessage extends AutoCloseable {
  /** Gives the message's memory back to the transport. */
  @Override
  default void close() {}

  /** Asks to write into reserved blocks. */
  record Opening(Open open) implements PushMessage {}

  /** Asks to bring further planes of a handoff that another stream opened. */
  record Joining(Join join) implements PushMessage {}

  /**
   * One plane.
   *
   * @param payload the bytes behind the header; whoever takes the message in closes it
   */
  record Frame(FrameHeader header, Payload payload) implements PushMessage {
    @Override
    public void close() {
      payload.close();
    }
  }

  /** Says that all planes were sent. */
  record Committing(Commit commit) implements PushMessage {}

  /** A sign of life of a sender that has no plane to send yet. */
  record Renewing() implements PushMessage {}

  /** There is something to read in the ring. */
  record Waking() implements PushMessage {}

  /**
   * Bytes that are no message. They travel on as a value, because what is thrown while gRPC parses
   * ends the stream without a reason that the sender could read.
   */
  record Malformed(Refusal refusal, String detail) implements PushMessage {}
}
