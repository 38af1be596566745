package dev.baton.kv.handoff;

import io.grpc.Detachable;
import io.grpc.HasByteBuffer;
import io.grpc.KnownLength;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.zip.CRC32C;

/**
 * The bytes behind a frame's header, left where the network put them: they are read there once for
 * their checksum, and once more when they are copied to their block. Nothing unverified has to be
 * written anywhere for that, and no array is filled in between.
 *
 * <p>For one thread. Holds the transport's buffers until it is closed.
 */
final class Payload implements AutoCloseable {
  private static final int CHUNK_BYTES = 16 * 1024;

  private final InputStream in;
  private final int length;

  /** Stands at the first byte, marked there. */
  private Payload(InputStream in) throws IOException {
    this.in = in;
    this.length = in.available();
    in.mark(length);
  }

  /**
   * What is left in a message. Where the transport's own buffers can be kept and read twice they
   * are taken over; else (compressed messages, other transports) the bytes are read into an array.
   */
  static Payload of(InputStream in) throws IOException {
    if (in instanceof KnownLength
        && in instanceof HasByteBuffer
        && in.markSupported()
        && in instanceof Detachable detachable) {
      return new Payload(detachable.detach());
    }
    return of(in.readAllBytes());
  }

  /** These bytes. */
  static Payload of(byte[] bytes) throws IOException {
    return new Payload(new ByteArrayInputStream(bytes));
  }

  /** Length in bytes. */
  int length() {
    return length;
  }

  /** Goes over all bytes. */
  void update(CRC32C sum) {
    forEachPart(sum::update);
  }

  /** Copies all bytes to {@code to}, which is as long. */
  void copyTo(MemorySegment to) {
    if (to.byteSize() != length) {
      throw new IllegalArgumentException(
          "payload: %d bytes do not fit a plane of %d".formatted(length, to.byteSize()));
    }
    ByteBuffer target = to.asByteBuffer();
    forEachPart(target::put);
  }

  private void forEachPart(Consumer<ByteBuffer> reader) {
    try {
      in.reset();
      byte[] chunk = null;
      for (int left = length; left > 0; ) {
        // Asked each time: gRPC merges small buffers into arrays, between large ones that stay.
        if (in instanceof HasByteBuffer buffers && buffers.byteBufferSupported()) {
          ByteBuffer part = buffers.getByteBuffer();
          if (part == null || !part.hasRemaining()) {
            throw new IOException(left + " bytes are missing");
          }
          int count = part.remaining();
          reader.accept(part);
          in.skipNBytes(count);
          left -= count;
        } else {
          if (chunk == null) {
            chunk = new byte[Math.min(left, CHUNK_BYTES)];
          }
          int count = in.read(chunk, 0, Math.min(left, chunk.length));
          if (count <= 0) {
            throw new IOException(left + " bytes are missing");
          }
          reader.accept(ByteBuffer.wrap(chunk, 0, count));
          left -= count;
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("a received message cannot be read", e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException("a received message cannot be given back", e);
    }
  }
}
