package dev.baton.kv.handoff;

import io.grpc.Drainable;
import io.grpc.KnownLength;
import io.grpc.MethodDescriptor.Marshaller;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Writes the messages of the side that sends KV, and the request of Pull: gRPC drains them into its
 * buffers, and knows their length beforehand.
 */
final class OutgoingMessageWriter implements Marshaller<OutgoingMessage> {
  @Override
  public InputStream stream(OutgoingMessage message) {
    return new MessageStream(message);
  }

  @Override
  public OutgoingMessage parse(InputStream stream) {
    throw new UnsupportedOperationException("read by the other side only");
  }

  private static final class MessageStream extends InputStream implements Drainable, KnownLength {
    private final OutgoingMessage message;
    private int position;

    MessageStream(OutgoingMessage message) {
      this.message = message;
    }

    @Override
    public int drainTo(OutputStream out) throws IOException {
      int count = message.drainTo(out, position);
      position += count;
      return count;
    }

    @Override
    public int available() {
      return message.length() - position;
    }

    @Override
    public int read() {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] to, int offset, int count) {
      if (count == 0) {
        return 0;
      }
      if (available() == 0) {
        return -1;
      }
      int copied = message.read(position, to, offset, count);
      position += copied;
      return copied;
    }
  }
}
