package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import dev.baton.kv.Block;
import dev.baton.kv.shm.RingException;
import dev.baton.kv.shm.RingLender;
import dev.baton.kv.shm.RingWriter;
import dev.baton.kv.shm.SegmentName;
import dev.baton.kv.shm.SharedMemoryCheck;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The ring of shared memory alone, without a handoff around it: this process owns the segment, the
 * receiving one has it open, both look at it all the time. The bytes are those of the pools, with
 * checksums on both sides.
 *
 * <p>The end of a plane is seen here, in the ring's position: the receiver gives a plane's last
 * bytes back after it has copied all of it to its block and compared the sum. One clock measures
 * all, and the way back is counted too.
 */
final class RingMeasure implements AutoCloseable {
  private static final int HEAD_BYTES = 44;

  private final Peer peer;
  private final RingLender lender = new RingLender();

  RingMeasure(Peer peer) {
    this.peer = peer;
  }

  /** Whether this process can share memory at all; if not, nothing else here works. */
  static boolean isPossible() {
    return SharedMemoryCheck.passes();
  }

  /** 10^9 bytes a second: at least {@code bytes} bytes, plane by plane, in place at the end. */
  double gbps(BenchPool pool, BenchShape shape, long bytes) {
    int planeBytes = shape.layout().planeBytes();
    int planesInBlock = Math.toIntExact(shape.layout().blockBytes() / planeBytes);
    int blocks = Math.toIntExact(Math.ceilDiv(bytes, shape.layout().blockBytes()));
    List<Block> from = pool.blocks(0, Math.min(blocks, shape.blocks()));
    int planes = blocks * planesInBlock;
    return measure(
        "bulk",
        from.size(),
        planeBytes,
        planes,
        writer -> {
          long start = System.nanoTime();
          for (int i = 0; i < planes; i++) {
            Block block = from.get(i / planesInBlock % from.size());
            put(writer, block.bytes().asSlice((long) i % planesInBlock * planeBytes, planeBytes));
          }
          awaitTaken(writer);
          return (double) planes * planeBytes / (System.nanoTime() - start);
        });
  }

  /**
   * Microseconds of each hand-over of one block of the pool as one plane, one at a time: from just
   * before its first byte is read until the receiver has compared its sum.
   */
  Series handOvers(BenchPool pool, BenchShape shape, int warmUp, int count) {
    int planeBytes = Math.toIntExact(shape.layout().blockBytes());
    List<Block> from = pool.blocks(0, shape.blocks());
    return measure(
        "small",
        from.size(),
        planeBytes,
        warmUp + count,
        writer -> {
          Series micros = new Series();
          for (int i = 0; i < warmUp + count; i++) {
            MemorySegment plane = from.get(i % from.size()).bytes();
            long start = System.nanoTime();
            put(writer, plane);
            awaitTaken(writer);
            long nanos = System.nanoTime() - start;
            if (i >= warmUp) {
              micros.add(nanos / 1e3);
            }
          }
          return micros;
        });
  }

  private interface Work<T> {
    T on(RingWriter writer) throws RingException;
  }

  /** Does the work with a ring that the peer takes {@code planes} planes out of. */
  private <T> T measure(String side, int blocks, int planeBytes, int planes, Work<T> work) {
    try (RingLender.Loan loan =
        lender
            .lend("peer")
            .orElseThrow(() -> new Failure("no shared memory for a ring, the log says why"))) {
      RingWriter writer = loan.writer(() -> {});
      SegmentName name = loan.name();
      peer.link()
          .ask(
              "ring %s %d %d %d %d %d %d %d %d"
                  .formatted(
                      side,
                      blocks,
                      planeBytes,
                      planes,
                      name.process(),
                      name.descriptor(),
                      name.bytes(),
                      name.nonceHigh(),
                      name.nonceLow()));
      T result = work.on(writer);
      if (peer.link().ask("taken " + side) != planes) {
        throw new Failure("the receiving process did not take every plane out of the ring");
      }
      loan.released();
      return result;
    } catch (RingException broken) {
      throw new Failure("the ring broke: " + broken.getMessage(), broken);
    }
  }

  private static void put(RingWriter writer, MemorySegment plane) throws RingException {
    writer.begin(new byte[HEAD_BYTES], plane);
    RingLookout room = new RingLookout();
    while (writer.isBusy()) {
      if (writer.advance(Integer.MAX_VALUE) > 0) {
        room.found();
      } else {
        room.nothing();
      }
    }
  }

  private static void awaitTaken(RingWriter writer) throws RingException {
    RingLookout taken = new RingLookout();
    while (!writer.isDrained()) {
      taken.nothing();
    }
  }

  @Override
  public void close() {
    lender.close();
  }
}
