package dev.baton.kv.transport;

import io.netty.buffer.AbstractByteBufAllocator;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.EventLoop;
import java.nio.ByteBuffer;

/** The allocator of connections that take lent memory; for all else the pooled one. Thread-safe. */
final class LendingAllocator extends AbstractByteBufAllocator {
  private static final PooledByteBufAllocator POOLED = PooledByteBufAllocator.DEFAULT;

  private final EventLoop loop;

  /** An allocator for connections on this event loop. */
  LendingAllocator(EventLoop loop) {
    super(true);
    this.loop = loop;
  }

  @Override
  public ByteBuf buffer(int capacity, int most) {
    Loans.Loan loan = Loans.current();
    if (loan != null) {
      int head = loan.takeHead();
      if (head > 0) {
        return POOLED.directBuffer(head, head);
      }
      ByteBuffer payload = loan.takePayload();
      if (payload != null) {
        return LentBuffer.of(this, payload, loop, loan);
      }
    }
    return POOLED.directBuffer(capacity, most);
  }

  @Override
  protected ByteBuf newHeapBuffer(int capacity, int most) {
    return POOLED.heapBuffer(capacity, most);
  }

  @Override
  protected ByteBuf newDirectBuffer(int capacity, int most) {
    return POOLED.directBuffer(capacity, most);
  }

  @Override
  public boolean isDirectBufferPooled() {
    return true;
  }
}
