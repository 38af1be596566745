package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import dev.baton.kv.Block;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * What a plain Java socket needs to do for the same service: a header with a checksum before each
 * plane, gathered with it into one write; on the other side straight into the block, and checked.
 * One byte at the end says that all came.
 */
final class SocketPlanes {
  /** As many bytes as the handoff's own header and message kind. */
  private static final int HEADER_BYTES = 45;

  private static final int CRC_AT = 41;

  private SocketPlanes() {}

  /** Sends the blocks plane by plane and waits until the other side has them. */
  static void send(SocketChannel to, List<Block> blocks, int planeBytes) throws IOException {
    ByteBuffer header = ByteBuffer.allocateDirect(HEADER_BYTES);
    for (Block block : blocks) {
      for (long at = 0; at < block.bytes().byteSize(); at += planeBytes) {
        ByteBuffer plane = block.bytes().asSlice(at, planeBytes).asByteBuffer();
        header.clear().putInt(CRC_AT, checksum(plane));
        ByteBuffer[] message = {header, plane};
        while (plane.hasRemaining()) {
          to.write(message);
        }
      }
    }
    read(to, ByteBuffer.allocate(1));
  }

  /** Takes the blocks in and says so. */
  static void receive(SocketChannel from, List<Block> blocks, int planeBytes) throws IOException {
    ByteBuffer header = ByteBuffer.allocateDirect(HEADER_BYTES);
    for (Block block : blocks) {
      for (long at = 0; at < block.bytes().byteSize(); at += planeBytes) {
        MemorySegment plane = block.bytes().asSlice(at, planeBytes);
        ByteBuffer[] message = {header.clear(), plane.asByteBuffer()};
        while (message[1].hasRemaining()) {
          if (from.read(message) < 0) {
            throw new EOFException("the sender ended in the middle of a plane");
          }
        }
        if (header.getInt(CRC_AT) != checksum(plane.asByteBuffer())) {
          throw new Failure("a plane came over the plain socket with a wrong checksum");
        }
      }
    }
    from.write(ByteBuffer.allocate(1));
  }

  private static void read(SocketChannel from, ByteBuffer to) throws IOException {
    while (to.hasRemaining()) {
      if (from.read(to) < 0) {
        throw new EOFException("the receiver ended before it had everything");
      }
    }
  }

  private static int checksum(ByteBuffer plane) {
    CRC32C sum = new CRC32C();
    sum.update(plane.duplicate());
    return (int) sum.getValue();
  }
}
