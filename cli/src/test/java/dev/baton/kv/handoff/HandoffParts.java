package dev.baton.kv.handoff;

import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.transport.Connection;
import dev.baton.kv.transport.KvWire;
import io.grpc.ManagedChannel;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Function;
import java.util.function.LongPredicate;
import java.util.function.LongSupplier;

/** The real sides of a handoff, in a time and over connections that are given. */
public final class HandoffParts {
  private HandoffParts() {}

  /** Time. */
  public interface Clock {
    /** Nanoseconds since some moment. */
    long nanoTime();

    /** Runs an action when so many have passed; what is returned calls it off. */
    Runnable after(long nanos, Runnable action);
  }

  private record ClockAlarms(Clock clock) implements Alarms {
    @Override
    public long nanoTime() {
      return clock.nanoTime();
    }

    @Override
    public Runnable after(long nanos, Runnable action) {
      return clock.after(nanos, action);
    }

    @Override
    public void close() {}
  }

  /** A receiver that takes no shared memory. */
  public static HandoffReceiver receiver(
      Layout layout,
      Lineage lineage,
      LongPredicate isMyEpoch,
      Duration stallLimit,
      MeterRegistry meters,
      Clock clock) {
    Alarms alarms = new ClockAlarms(clock);
    return new HandoffReceiver(
        layout,
        lineage,
        isMyEpoch,
        stallLimit,
        meters,
        alarms,
        new RingOffers(false, Optional::empty, alarms));
  }

  /** A sender with one connection for each target. */
  public static HandoffSender sender(
      Layout layout,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      Function<String, ManagedChannel> channels,
      Executor loop,
      MeterRegistry meters,
      Clock clock) {
    return new HandoffSender(
        layout,
        lineage,
        myEpoch,
        stallLimit,
        1,
        (target, _) -> new Connection(channels.apply(target), loop, KvWire.TCP, false),
        meters,
        new ClockAlarms(clock));
  }
}
