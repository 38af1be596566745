package dev.baton.simulation;

import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What processes talk through: gRPC calls whose messages are late by as much as the seed says. As
 * over TCP, what is sent in one direction of a call arrives in order or not at all; between calls
 * there is no order. A call that breaks may tell either side at once, or only when that side's
 * keepalive finds out. Messages cross as bytes.
 */
final class Network {
  private static final long MOST_DELAY = TimeUnit.MILLISECONDS.toNanos(4);
  private static final long VERY_SLOW_DELAY = TimeUnit.MILLISECONDS.toNanos(2500);
  private static final long SLOW_DELAY = TimeUnit.MILLISECONDS.toNanos(150);

  /** What the keepalive of channels takes to find out, at most. */
  private static final long KEEPALIVE = TimeUnit.SECONDS.toNanos(20);

  /** What listens somewhere. */
  record Host(SimulatedProcess process, Map<String, ServerMethodDefinition<?, ?>> methods) {}

  /** Two processes that do not reach each other. */
  private record Pair(SimulatedProcess one, SimulatedProcess other) {}

  private final Events events;
  private final Fence fence;
  private final Map<String, Host> hosts = new HashMap<>();
  private final Set<SimulatedCall<?, ?>> calls = new LinkedHashSet<>();
  private final Map<SimulatedProcess, List<SimulatedCall<?, ?>>> served = new HashMap<>();
  private final Set<Pair> partitions = new HashSet<>();
  private long slowUntil;

  /** Nobody listens yet; {@code fence} looks at all that crosses. */
  Network(Events events, Fence fence) {
    this.events = events;
    this.fence = fence;
  }

  Fence fence() {
    return fence;
  }

  Events events() {
    return events;
  }

  /** The process serves this at an address from now on, in place of whoever did. */
  void listen(String address, SimulatedProcess process, List<ServerServiceDefinition> services) {
    Map<String, ServerMethodDefinition<?, ?>> methods = new HashMap<>();
    services.forEach(service ->
        service
            .getMethods()
            .forEach(each -> methods.put(each.getMethodDescriptor().getFullMethodName(), each)));
    hosts.put(address, new Host(process, methods));
  }

  /** Who listens at an address; null if nobody does. */
  @Nullable Host at(String address) {
    Host host = hosts.get(address);
    return host == null || host.process.isDead() ? null : host;
  }

  /** For so long from now, some messages take longer than anybody bears silence. */
  void beSlow(long nanos) {
    slowUntil = Math.max(slowUntil, events.now() + nanos);
  }

  /** What a message takes: mostly little. */
  long delay() {
    if (events.now() < slowUntil && events.chance(5)) {
      return events.some(VERY_SLOW_DELAY);
    }
    return events.some(events.chance(2) ? SLOW_DELAY : MOST_DELAY);
  }

  /** What it takes until a side of a broken call hears of it. */
  long silence() {
    return events.chance(60) ? delay() : events.some(KEEPALIVE);
  }

  /** Whether calls between two pass now. */
  boolean connects(SimulatedProcess one, SimulatedProcess other) {
    return !partitions.contains(new Pair(one, other)) && !partitions.contains(new Pair(other, one));
  }

  /** From now on nothing passes between two, until {@link #heal}. */
  void partition(SimulatedProcess one, SimulatedProcess other) {
    partitions.add(new Pair(one, other));
    open().stream().filter(call -> call.isBetween(one, other)).forEach(SimulatedCall::breakOff);
  }

  /** New calls between the two pass again. */
  void heal(SimulatedProcess one, SimulatedProcess other) {
    partitions.remove(new Pair(one, other));
  }

  /** A process has died. */
  void died(SimulatedProcess process) {
    open().forEach(call -> call.died(process));
    served.remove(process);
  }

  /** Calls that are open at either side. */
  List<SimulatedCall<?, ?>> open() {
    return List.copyOf(calls);
  }

  void opened(SimulatedCall<?, ?> call) {
    calls.add(call);
  }

  void over(SimulatedCall<?, ?> call) {
    calls.remove(call);
  }

  void serves(SimulatedProcess process, SimulatedCall<?, ?> call) {
    served.computeIfAbsent(process, _ -> new ArrayList<>()).add(call);
  }

  /** When the call began that a process has served longest and still does; else now. */
  long oldestServed(SimulatedProcess process, String method) {
    long oldest = events.now();
    for (SimulatedCall<?, ?> call : served.getOrDefault(process, List.of())) {
      if (call.method().equals(method) && call.serverEndedAt() == Long.MAX_VALUE) {
        oldest = Math.min(oldest, call.serverBegunAt());
      }
    }
    return oldest;
  }

  /** Calls of a method that a process serves, or whose end it heard of at most so long ago. */
  int servedLately(SimulatedProcess process, String method, long nanos) {
    List<SimulatedCall<?, ?>> all = served.computeIfAbsent(process, _ -> new ArrayList<>());
    long since = Math.max(0, events.now() - nanos);
    if (process.thawedAt() >= since) {
      return Integer.MAX_VALUE;
    }
    all.removeIf(call -> call.serverEndedAt() < since);
    int count = 0;
    for (SimulatedCall<?, ?> call : all) {
      count += call.method().equals(method) ? 1 : 0;
    }
    return count;
  }
}
