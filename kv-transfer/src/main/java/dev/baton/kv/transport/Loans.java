package dev.baton.kv.transport;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Memory that one stream lent to its connection: the bytes go from where they lie into the socket,
 * without a copy in between.
 *
 * <p>gRPC takes a message's bytes only by copying them from arrays into buffers of its channel's
 * allocator. So while a message is sent, on the sending thread, the allocator of {@link
 * Connections} hands out two buffers of its own: one for gRPC's prefix and the message's head, and
 * one that already is the payload's memory, which takes whatever is "written" into it for the
 * payload. That rests on the order in which gRPC frames a message; {@link LendingCheck} proves it
 * at start, and a channel with another allocator copies.
 *
 * <p>One thread sends at a time; buffers come back on any thread.
 */
public final class Loans {
  /** Bytes that gRPC puts before each message. */
  private static final int PREFIX_BYTES = 5;

  /** What is "written" in place of a payload that is lent; never read, always zero. */
  private static final byte[] PLACEHOLDER = new byte[1 << 20];

  private static final ThreadLocal<@Nullable Loan> CURRENT = new ThreadLocal<>();

  /** By identity: a buffer's own equality goes by its bytes. */
  private final Set<LentBuffer> outstanding =
      Collections.synchronizedSet(Collections.newSetFromMap(new IdentityHashMap<>()));

  /** Nothing is lent yet. */
  public Loans() {}

  /** One message that is being sent by the thread that it is bound to. */
  static final class Loan {
    private enum State {
      OFFERED,
      HEAD_TAKEN,
      TAKEN
    }

    private final Loans loans;
    private final int headBytes;
    private final ByteBuffer payload;
    private State state = State.OFFERED;

    private Loan(Loans loans, int headBytes, ByteBuffer payload) {
      this.loans = loans;
      this.headBytes = headBytes;
      this.payload = payload;
    }

    /** How many bytes the next buffer has to hold, if it is the one for prefix and head. */
    int takeHead() {
      if (state != State.OFFERED) {
        return 0;
      }
      state = State.HEAD_TAKEN;
      return PREFIX_BYTES + headBytes;
    }

    /** The payload's memory, for the buffer after the head's; null for every other. */
    @Nullable ByteBuffer takePayload() {
      if (state != State.HEAD_TAKEN) {
        return null;
      }
      state = State.TAKEN;
      return payload;
    }

    Loans owner() {
      return loans;
    }

    void lent(LentBuffer buffer) {
      loans.outstanding.add(buffer);
    }
  }

  /** What the calling thread is sending now, if it lends. */
  static @Nullable Loan current() {
    return CURRENT.get();
  }

  /**
   * Sends a message, whose payload is lent if the connection can take it so.
   *
   * @param headBytes length of what comes before the payload
   * @param payload direct memory, which stays as it is until {@link #takeBack} has returned
   * @param send sends the message, on this thread, and drains it with {@link #drain}
   */
  public void send(int headBytes, ByteBuffer payload, Runnable send) {
    CURRENT.set(new Loan(this, headBytes, payload));
    try {
      send.run();
    } finally {
      CURRENT.remove();
    }
  }

  /**
   * Writes a message of which the payload is lent.
   *
   * @return false, and nothing was written, if the connection does not take it so
   * @throws IOException if gRPC does not ask for buffers in the order that was proven at start: the
   *     message must not be sent
   */
  public static boolean drain(OutputStream out, byte[] head) throws IOException {
    Loan loan = CURRENT.get();
    if (loan == null || loan.state != Loan.State.HEAD_TAKEN || loan.headBytes != head.length) {
      return false;
    }
    out.write(head, 0, head.length);
    for (int left = loan.payload.remaining(); left > 0; ) {
      int count = Math.min(left, PLACEHOLDER.length);
      out.write(PLACEHOLDER, 0, count);
      left -= count;
    }
    if (loan.state != Loan.State.TAKEN) {
      throw new IOException("gRPC asked for other buffers than at start: nothing may be lent");
    }
    return true;
  }

  void returned(LentBuffer buffer) {
    outstanding.remove(buffer);
  }

  /** Buffers that are with the connection now. */
  int size() {
    return outstanding.size();
  }

  /**
   * Ends all loans: when it returns the connection does not touch the memory any more. What it
   * still had to send, of a stream that failed, it keeps as a copy of its own. Waits for the
   * connection's event loop, which never blocks, and not for its peer.
   */
  public void takeBack() {
    List<CompletableFuture<?>> kept = new ArrayList<>();
    List.of(outstanding.toArray(new LentBuffer[0])).forEach(buffer -> kept.add(buffer.keepCopy()));
    kept.forEach(CompletableFuture::join);
  }
}
