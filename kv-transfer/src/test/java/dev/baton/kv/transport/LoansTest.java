package dev.baton.kv.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoopGroup;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoansTest {
  private final EventLoopGroup loops = Loops.start("test", 1);
  private final LendingAllocator allocator = new LendingAllocator(loops.next());
  private final ByteBuffer memory = ByteBuffer.allocateDirect(100);
  private final Loans loans = new Loans();

  @AfterEach
  void end() {
    loops.shutdownGracefully();
  }

  private ByteBuf lend() {
    ByteBuf[] lent = new ByteBuf[1];
    loans.send(
        10,
        memory.duplicate(),
        () -> {
          assertThat(allocator.buffer(4096, 4096).writableBytes()).isEqualTo(15);
          lent[0] = allocator.buffer(4096, 4096);
        });
    return lent[0];
  }

  @Test
  void theLentBufferIsTheMemoryItselfUntilItIsTakenBack() {
    ByteBuf lent = lend();
    lent.writeBytes(new byte[100]);
    memory.put(7, (byte) 42);
    assertThat(lent.getByte(7)).isEqualTo((byte) 42);

    loans.takeBack();

    memory.put(7, (byte) 43);
    assertThat(lent.getByte(7)).as("a copy of its own").isEqualTo((byte) 42);
    assertThat(lent.readableBytes()).isEqualTo(100);
    assertThat(loans.size()).isZero();
    lent.release();
  }

  @Test
  void aReleasedBufferIsNoLoanAnyMore() {
    ByteBuf lent = lend();
    assertThat(loans.size()).isEqualTo(1);
    lent.release();
    assertThat(loans.size()).isZero();
    loans.takeBack();
  }

  @Test
  void otherBuffersAreOrdinary() {
    ByteBuf before = allocator.buffer(64, 64);
    lend().release();
    ByteBuf after = allocator.buffer(64, 64);
    assertThat(before.capacity()).isEqualTo(64);
    assertThat(after.writeBytes(new byte[64]).getByte(3)).isZero();
    before.release();
    after.release();
  }

  @Test
  void whereBuffersAreNotAskedForInOrderNothingIsDrainedOrItFails() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    assertThat(Loans.drain(out, new byte[10])).isFalse();
    loans.send(
        10,
        memory.duplicate(),
        () -> {
          try {
            assertThat(Loans.drain(out, new byte[10])).isFalse();
            assertThat(out.size()).isZero();
            allocator.buffer(4096, 4096).release();
            assertThatThrownBy(() -> Loans.drain(out, new byte[10]))
                .isInstanceOf(IOException.class);
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }
}
