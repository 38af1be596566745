package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import dev.baton.kv.Block;
import dev.baton.kv.shm.PeerRings;
import dev.baton.kv.shm.RingException;
import dev.baton.kv.shm.RingReader;
import dev.baton.kv.shm.RingSink;
import dev.baton.kv.shm.SegmentName;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.zip.CRC32C;

/**
 * The receiving end of {@link RingMeasure}: takes planes out of the sending process's ring into the
 * blocks of a pool, on a thread of its own that looks at the ring all the time. As in a handoff
 * each piece is copied first and what is summed up is the copy; a plane's space is given back to
 * the sender after its sum was compared. Its methods are for one thread.
 */
final class RingTaking implements AutoCloseable {
  private static final int HEAD_CHECKED_BYTES = 40;
  private static final int TURN_BYTES = 256 * 1024;

  private final PeerRings rings = new PeerRings();
  private CompletableFuture<Long> taking = CompletableFuture.completedFuture(0L);

  /** Opens the segment, and begins to take {@code planes} planes into these blocks, in order. */
  void begin(SegmentName name, List<Block> blocks, int planeBytes, long planes) throws IOException {
    PeerRings.Use use = rings.use(name);
    CompletableFuture<Long> end = new CompletableFuture<>();
    taking = end;
    Thread.ofPlatform()
        .daemon()
        .name("ring")
        .start(() -> {
          try {
            end.complete(take(use, new Planes(blocks, planeBytes), planes));
          } catch (RingException | RuntimeException broken) {
            end.completeExceptionally(broken);
          }
        });
  }

  private static long take(PeerRings.Use use, Planes into, long planes) throws RingException {
    try (use) {
      RingLookout planesToCome = new RingLookout();
      RingReader reader = use.reader(() -> {});
      while (into.complete < planes) {
        if (reader.drain(into, TURN_BYTES) > 0) {
          planesToCome.found();
        } else {
          planesToCome.nothing();
        }
      }
      use.released();
      return into.complete;
    }
  }

  /** Waits until all planes have come, and says how many. */
  long taken() {
    return taking.join();
  }

  private static final class Planes implements RingSink<Failure> {
    private final List<Block> blocks;
    private final int planeBytes;
    private final int planesInBlock;
    private final CRC32C sum = new CRC32C();
    private MemorySegment plane = MemorySegment.NULL;
    private ByteBuffer copied = ByteBuffer.allocate(0);
    private int at;
    private long complete;

    Planes(List<Block> blocks, int planeBytes) {
      this.blocks = blocks;
      this.planeBytes = planeBytes;
      this.planesInBlock = Math.toIntExact(blocks.getFirst().bytes().byteSize() / planeBytes);
    }

    @Override
    public int begin(byte[] head) {
      sum.reset();
      sum.update(head, 0, HEAD_CHECKED_BYTES);
      int stated = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN).getInt(HEAD_CHECKED_BYTES);
      requireSum(stated, "head");
      Block block = blocks.get((int) (complete / planesInBlock % blocks.size()));
      plane = block.bytes().asSlice(complete % planesInBlock * planeBytes, planeBytes);
      copied = plane.asByteBuffer();
      at = 0;
      return planeBytes;
    }

    @Override
    public void take(MemorySegment piece) {
      int count = Math.toIntExact(piece.byteSize());
      MemorySegment.copy(piece, 0, plane, at, count);
      sum.update(copied.limit(at + count).position(at));
      at += count;
    }

    @Override
    public void end(int stated) {
      requireSum(stated, "plane");
      complete++;
    }

    private void requireSum(int stated, String what) {
      if (stated != (int) sum.getValue()) {
        throw new Failure("a " + what + " came through the ring with a wrong checksum");
      }
    }
  }

  @Override
  public void close() {
    rings.close();
  }
}
