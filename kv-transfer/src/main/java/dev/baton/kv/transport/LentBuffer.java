package dev.baton.kv.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.UnpooledDirectByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.IllegalReferenceCountException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * A buffer that is the memory of a block. It is full of the right bytes from the beginning: writing
 * into it moves its index and nothing else.
 */
final class LentBuffer extends UnpooledDirectByteBuf {
  private final Loans loans;
  private final EventLoop loop;

  private LentBuffer(ByteBufAllocator allocator, ByteBuffer memory, EventLoop loop, Loans loans) {
    // Room for one more byte is what lets keepCopy move it into memory of its own.
    super(allocator, memory, memory.remaining() + 1);
    this.loans = loans;
    this.loop = loop;
    writerIndex(0);
  }

  /** Lends {@code memory} until the buffer is released. */
  static LentBuffer of(
      ByteBufAllocator allocator, ByteBuffer memory, EventLoop loop, Loans.Loan loan) {
    LentBuffer buffer = new LentBuffer(allocator, memory, loop, loan.owner());
    loan.lent(buffer);
    return buffer;
  }

  @Override
  public ByteBuf writeBytes(byte[] source, int from, int count) {
    return writerIndex(writerIndex() + count);
  }

  /**
   * Has the event loop, the only thread that hands this memory to the kernel, replace it by a copy.
   * Done when nobody reads the lent memory any more.
   */
  CompletableFuture<Void> keepCopy() {
    CompletableFuture<Void> kept = new CompletableFuture<>();
    try {
      loop.execute(() -> {
        try {
          if (refCnt() > 0) {
            capacity(capacity() + 1);
          }
        } catch (IllegalReferenceCountException released) {
          // Then it is not read either.
        } finally {
          loans.returned(this);
          kept.complete(null);
        }
      });
    } catch (RejectedExecutionException over) {
      // The loop has ended, and with it every connection.
      kept.complete(null);
    }
    return kept;
  }

  @Override
  protected void deallocate() {
    super.deallocate();
    loans.returned(this);
  }
}
