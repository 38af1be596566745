package dev.baton.kv.handoff;

import com.google.protobuf.MessageLite;
import dev.baton.kv.transport.Loans;
import dev.baton.proto.internal.v1.Commit;
import dev.baton.proto.internal.v1.Join;
import dev.baton.proto.internal.v1.Open;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A message of Push or Pull on its way out: some bytes of its own, then perhaps borrowed memory of
 * a block.
 *
 * <p>A connection that takes lent memory has the block's own bytes until its {@link Loans} are
 * taken back. Others copy a message out before they return from sending; should one keep it for
 * later, as the in-process one does, {@link #letGo} makes a copy. Safe for use by many threads.
 */
final class OutgoingMessage {
  private static final MemorySegment NOTHING = MemorySegment.ofArray(new byte[0]);

  private final byte[] head;
  private MemorySegment borrowed;
  private byte[] scratch;
  private boolean drained;

  private OutgoingMessage(byte[] head, MemorySegment borrowed, byte[] scratch) {
    this.head = head;
    this.borrowed = borrowed;
    this.scratch = scratch;
  }

  /** An Open. */
  static OutgoingMessage of(Open open) {
    return control(KvTransfer.OPEN, open);
  }

  /** A Join. */
  static OutgoingMessage of(Join join) {
    return control(KvTransfer.JOIN, join);
  }

  /** A Commit. */
  static OutgoingMessage of(Commit commit) {
    return control(KvTransfer.COMMIT, commit);
  }

  /** A protobuf message of this kind, with its checksum. */
  static OutgoingMessage control(int kind, MessageLite message) {
    return new OutgoingMessage(
        ControlMessage.bytes(kind, message.toByteArray()), NOTHING, new byte[0]);
  }

  /** A Renew: its kind, and nothing else. */
  static OutgoingMessage renew() {
    return new OutgoingMessage(withKind(KvTransfer.RENEW, new byte[0]), NOTHING, new byte[0]);
  }

  /** A Wake: its kind, and nothing else. */
  static OutgoingMessage wake() {
    return new OutgoingMessage(withKind(KvTransfer.WAKE, new byte[0]), NOTHING, new byte[0]);
  }

  /**
   * A frame.
   *
   * @param plane borrowed until {@link #letGo}
   * @param scratch what bytes pass through on their way; used until {@link #letGo}
   */
  static OutgoingMessage of(FrameHeader header, MemorySegment plane, byte[] scratch) {
    return new OutgoingMessage(withKind(KvTransfer.FRAME, header.bytes()), plane, scratch);
  }

  private static byte[] withKind(int kind, byte[] body) {
    byte[] bytes = new byte[1 + body.length];
    bytes[0] = (byte) kind;
    System.arraycopy(body, 0, bytes, 1, body.length);
    return bytes;
  }

  /** Length in bytes. */
  synchronized int length() {
    return Math.toIntExact(head.length + borrowed.byteSize());
  }

  /** Writes everything from byte {@code from} on; the way Netty takes. */
  synchronized int drainTo(OutputStream out, int from) throws IOException {
    int end = length();
    if (from == 0 && Loans.drain(out, head)) {
      drained = true;
      return end;
    }
    int at = from;
    if (at < head.length) {
      out.write(head, at, head.length - at);
      at = head.length;
    }
    while (at < end) {
      int count = read(at, scratch, 0, scratch.length);
      out.write(scratch, 0, count);
      at += count;
    }
    drained = true;
    return end - from;
  }

  /** Copies up to {@code count} bytes from byte {@code from} on; at least one if there is one. */
  synchronized int read(int from, byte[] to, int offset, int count) {
    if (from < head.length) {
      int copied = Math.min(count, head.length - from);
      System.arraycopy(head, from, to, offset, copied);
      return copied;
    }
    int copied = Math.min(count, length() - from);
    MemorySegment.copy(borrowed, ValueLayout.JAVA_BYTE, from - head.length, to, offset, copied);
    return copied;
  }

  /**
   * Sends this by {@code send}, with the block's memory lent to a connection that takes it so.
   *
   * @param loans where the loan is counted: the block is free when that has taken it back
   */
  void send(Loans loans, Runnable send) {
    if (borrowed.isNative()) {
      loans.send(head.length, borrowed.asByteBuffer(), send);
    } else {
      send.run();
    }
  }

  /** After it neither block, unless it is lent, nor scratch are touched any more. */
  synchronized void letGo() {
    if (!drained) {
      borrowed = MemorySegment.ofArray(borrowed.toArray(ValueLayout.JAVA_BYTE));
      scratch = new byte[scratch.length];
    }
  }
}
