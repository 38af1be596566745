package dev.baton.simulation;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** The way from a process to an address. Every call looks anew who listens there. */
final class SimulatedChannel extends ManagedChannel {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Network network;
  private final SimulatedProcess from;
  private final String address;
  private final OptionalLong deadline;
  private boolean shutdown;

  /** {@code deadline}: that of all calls, in simulated time; empty: what each says itself. */
  SimulatedChannel(Network network, SimulatedProcess from, String address, OptionalLong deadline) {
    network.events().requireOnLoop();
    this.network = network;
    this.from = from;
    this.address = address;
    this.deadline = deadline;
  }

  @Override
  public <Q, A> ClientCall<Q, A> newCall(MethodDescriptor<Q, A> method, CallOptions options) {
    return new SimulatedCall<>(
        network,
        from,
        address,
        method,
        Math.min(deadline.orElseGet(() -> deadlineOf(options)), deadlineOfContext()),
        shutdown);
  }

  /**
   * A deadline of options is in the machine's time, and was set a moment ago. All that are set here
   * fall on whole seconds of simulated time; what has passed of the machine's since is so rounded
   * away.
   */
  private long deadlineOf(CallOptions options) {
    Deadline set = options.getDeadline();
    return set == null
        ? Long.MAX_VALUE
        : Math.ceilDiv(network.events().now() + set.timeRemaining(TimeUnit.NANOSECONDS), SECOND)
            * SECOND;
  }

  /** A deadline of a context was set by {@link SimulatedCall}, in simulated time. */
  private long deadlineOfContext() {
    Deadline set = Context.current().getDeadline();
    return set == null
        ? Long.MAX_VALUE
        : network.events().now() + set.timeRemaining(TimeUnit.NANOSECONDS);
  }

  @Override
  public String authority() {
    return address;
  }

  @Override
  public ManagedChannel shutdown() {
    shutdown = true;
    return this;
  }

  @Override
  public ManagedChannel shutdownNow() {
    return shutdown();
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return shutdown;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return shutdown;
  }
}
