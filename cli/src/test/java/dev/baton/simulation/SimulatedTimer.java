package dev.baton.simulation;

import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** The timer of a process, in simulated time. Nobody may wait for what it does. */
final class SimulatedTimer extends AbstractExecutorService implements ScheduledExecutorService {
  private final SimulatedProcess process;

  SimulatedTimer(SimulatedProcess process) {
    this.process = process;
  }

  /** Something that was set. */
  private final class Alarm implements ScheduledFuture<Object> {
    private final Runnable task;
    private final long period;
    private Runnable callOff = () -> {};
    private boolean cancelled;
    private boolean done;

    Alarm(Runnable task, long period) {
      this.task = task;
      this.period = period;
    }

    Alarm set(long nanos) {
      callOff = process.after(Math.max(0, nanos), this::ring);
      return this;
    }

    private void ring() {
      if (cancelled) {
        return;
      }
      if (period > 0) {
        set(period);
      } else {
        done = true;
      }
      task.run();
    }

    @Override
    public boolean cancel(boolean mayInterrupt) {
      boolean was = !cancelled && !done;
      cancelled = true;
      callOff.run();
      return was;
    }

    @Override
    public boolean isCancelled() {
      return cancelled;
    }

    @Override
    public boolean isDone() {
      return done || cancelled;
    }

    @Override
    public Object get() {
      throw new UnsupportedOperationException("nobody waits here");
    }

    @Override
    public Object get(long timeout, TimeUnit unit) {
      throw new UnsupportedOperationException("nobody waits here");
    }

    @Override
    public long getDelay(TimeUnit unit) {
      throw new UnsupportedOperationException("nobody asks here");
    }

    @Override
    public int compareTo(Delayed other) {
      throw new UnsupportedOperationException("nobody asks here");
    }
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
    return new Alarm(task, 0).set(unit.toNanos(delay));
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
    throw new UnsupportedOperationException("nobody waits here");
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable task, long delay, long period, TimeUnit unit) {
    return new Alarm(task, unit.toNanos(period)).set(unit.toNanos(delay));
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable task, long delay, long pause, TimeUnit unit) {
    throw new UnsupportedOperationException("not used");
  }

  @Override
  public void execute(Runnable task) {
    process.run(task);
  }

  @Override
  public void shutdown() {}

  @Override
  public List<Runnable> shutdownNow() {
    return List.of();
  }

  @Override
  public boolean isShutdown() {
    return false;
  }

  @Override
  public boolean isTerminated() {
    return false;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return false;
  }
}
