package dev.baton.kv.shm;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Proves once, with a ring of this process to itself, that segments can be made, found by their
 * name and used from both ends. Where they cannot (another system, no permission for native calls
 * or for {@code /proc}), handoffs go over sockets, and the log says so.
 */
public final class SharedMemoryCheck {
  private static final Logger log = LoggerFactory.getLogger(SharedMemoryCheck.class);
  private static final int[] PAYLOADS = {1, 60, 64, 100_000};

  private static final class Once {
    static final boolean PASSES = run();
  }

  private SharedMemoryCheck() {}

  /** Whether this process can share memory. */
  public static boolean passes() {
    return Once.PASSES;
  }

  private static boolean run() {
    try {
      check();
      return true;
    } catch (IOException | RingException | RuntimeException | LinkageError e) {
      log.warn("KV goes over sockets also on this host, no shared memory: {}", e.toString());
      return false;
    }
  }

  /** Runs the check. */
  static void check() throws IOException, RingException {
    try (RingLender lender = new RingLender();
        PeerRings peers = new PeerRings();
        Arena arena = Arena.ofShared();
        RingLender.Loan loan =
            lender.lend("self").orElseThrow(() -> new IOException("no segment"))) {
      RingWriter writer = loan.writer(() -> {});
      try (PeerRings.Use use = peers.use(loan.name())) {
        exchange(writer, use.reader(() -> {}), arena);
      }
    }
  }

  private static void exchange(RingWriter writer, RingReader reader, Arena arena)
      throws IOException, RingException {
    Random random = new Random(PAYLOADS.length);
    for (int size : PAYLOADS) {
      byte[] head = new byte[RingForm.HEAD_BYTES];
      byte[] payload = new byte[size];
      random.nextBytes(head);
      random.nextBytes(payload);
      writer.begin(head, arena.allocate(size).copyFrom(MemorySegment.ofArray(payload)));
      Copy copy = new Copy(size);
      int _ = writer.advance(reader.capacity());
      int _ = reader.drain(copy, reader.capacity());
      if (writer.isBusy() || !copy.ended || !Arrays.equals(payload, copy.bytes)) {
        throw new IOException(size + " bytes in shared memory did not arrive as they were");
      }
    }
  }

  private static final class Copy implements RingSink<RuntimeException> {
    private final byte[] bytes;
    private int at;
    private boolean ended;

    Copy(int size) {
      this.bytes = new byte[size];
    }

    @Override
    public int begin(byte[] head) {
      return bytes.length;
    }

    @Override
    public void take(MemorySegment piece) {
      int count = Math.toIntExact(piece.byteSize());
      MemorySegment.copy(piece, ValueLayout.JAVA_BYTE, 0, bytes, at, count);
      at += count;
    }

    @Override
    public void end(int sum) {
      ended = true;
    }
  }
}
