package dev.baton.kv.handoff;

import dev.baton.kv.shm.PeerRings;
import dev.baton.kv.shm.SharedMemoryCheck;
import dev.baton.kv.transport.Loops;
import dev.baton.proto.internal.v1.Ring;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a receiver does with the rings that senders offer: takes them where this process can reach
 * them, and says once in the log why it could not. Safe for use by many threads.
 */
final class RingOffers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RingOffers.class);

  private final boolean willing;
  private final Supplier<Optional<Executor>> loop;
  private final Alarms clock;
  private final PeerRings rings = new PeerRings();
  private final AtomicBoolean saidWhy = new AtomicBoolean();

  /**
   * A receiver's rings.
   *
   * @param willing whether any is taken
   * @param loop what runs the calling stream's handlers, if they all run on one thread
   */
  RingOffers(boolean willing, Supplier<Optional<Executor>> loop, Alarms clock) {
    this.willing = willing;
    this.loop = loop;
    this.clock = clock;
  }

  /** Takes rings if shared memory works in this process. */
  static RingOffers ifSharedMemoryWorks(Alarms clock) {
    return new RingOffers(SharedMemoryCheck.passes(), Loops::current, clock);
  }

  /** The ring of a stream, if this side has it; to be called by the stream's handler. */
  Optional<IncomingRing> take(Ring offer, IncomingHandoff handoff, IncomingRing.Stream stream) {
    Optional<Executor> mine = willing ? loop.get() : Optional.empty();
    if (mine.isEmpty()) {
      return Optional.empty();
    }
    try {
      PeerRings.Use use = rings.use(Rings.of(offer));
      return Optional.of(new IncomingRing(use, handoff, stream, mine.get(), clock));
    } catch (IOException e) {
      if (saidWhy.compareAndSet(false, true)) {
        log.info(
            "a sender on this host has to send KV through a socket, its shared memory is out of"
                + " reach (this is said once): {}",
            e.toString());
      }
      return Optional.empty();
    }
  }

  @Override
  public void close() {
    rings.close();
  }
}
