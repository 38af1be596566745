package dev.baton.kv.shm;

import java.lang.foreign.Arena;
import java.util.concurrent.CountDownLatch;

/** A process that puts half of a record into a ring, says its name, and then waits to be killed. */
final class RingOwner {
  private RingOwner() {}

  /** Runs until it is killed. */
  public static void main(String[] args) throws Exception {
    RingLender.Loan loan = new RingLender().lend("test").orElseThrow();
    RingWriter writer = loan.writer(() -> {});
    writer.begin(new byte[44], Arena.global().allocate(100_000));
    writer.advance(50_000);
    SegmentName name = loan.name();
    System.out.println(
        "%d %d %d %d %d"
            .formatted(
                name.process(),
                name.descriptor(),
                name.bytes(),
                name.nonceHigh(),
                name.nonceLow()));
    new CountDownLatch(1).await();
  }
}
