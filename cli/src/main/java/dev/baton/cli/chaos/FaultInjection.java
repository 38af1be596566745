package dev.baton.cli.chaos;

import dev.baton.cli.shell.Failure;
import dev.baton.harness.chaos.Downtimes;
import dev.baton.harness.chaos.Fault;
import dev.baton.harness.chaos.FaultKind.Place;
import dev.baton.harness.chaos.FaultProxy;
import dev.baton.harness.chaos.FaultSchedule;
import dev.baton.harness.chaos.LoadGate;
import dev.baton.harness.chaos.Member;
import dev.baton.harness.chaos.Member.Role;
import dev.baton.harness.chaos.RecoveryTimes;
import dev.baton.harness.chaos.WireFault;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Does the faults of a schedule to a cluster, each in its turn, and heals them.
 *
 * <ul>
 *   <li>Whom one fault strikes is struck by no other meanwhile; the last member of a role that can
 *       work is not silenced, unless that was asked for: such a fault waits.
 *   <li>A fault is healed when its victim works again: a process is ready, and all routers that are
 *       up know all workers that are up. A victim that does not come back is reported, and stays
 *       down.
 * </ul>
 */
final class FaultInjection {
  private static final Duration HEAL_LIMIT = Duration.ofSeconds(60);

  /** What a member has by default, and what it needs to end. */
  private static final Duration DRAIN_LIMIT = Duration.ofSeconds(5 + 20);

  private static final Duration LATENCY = Duration.ofMillis(40);
  private static final long CONTROL_BYTES_PER_SECOND = 8 << 10;
  private static final long KV_BYTES_PER_SECOND = 256 << 10;
  private static final int ONE_FRAME_IN = 20;
  private static final long MOST_BYTES_BEFORE_CUT = 2_000;

  private final ChaosCluster cluster;
  private final FaultSchedule schedule;
  private final boolean sparesTheLast;
  private final Downtimes downtimes;
  private final Membership membership;
  private final LoadGate gate;
  private final RecoveryTimes recoveries;
  private final Set<Member> struck = new HashSet<>();
  private final List<String> missing = new ArrayList<>();
  private final List<Fault> begun = new ArrayList<>();

  FaultInjection(
      ChaosCluster cluster,
      FaultSchedule schedule,
      boolean sparesTheLast,
      Downtimes downtimes,
      Membership membership,
      LoadGate gate,
      RecoveryTimes recoveries) {
    this.cluster = cluster;
    this.schedule = schedule;
    this.sparesTheLast = sparesTheLast;
    this.downtimes = downtimes;
    this.membership = membership;
    this.gate = gate;
    this.recoveries = recoveries;
  }

  /** Does all of them; returns when the last is healed. */
  void run() throws InterruptedException {
    List<Thread> healing = new ArrayList<>();
    for (Fault fault : schedule.faults()) {
      gate.await(fault);
      Thread.sleep(fault.delay());
      claim(fault);
      begin(fault);
      healing.add(Thread.ofVirtual().name("heal-" + fault.number()).start(() -> healLater(fault)));
    }
    for (Thread each : healing) {
      each.join();
    }
  }

  /** Faults that have begun, in order. */
  synchronized List<Fault> begun() {
    return List.copyOf(begun);
  }

  /** Who did not come back, and why. */
  synchronized List<String> missing() {
    return List.copyOf(missing);
  }

  private synchronized void claim(Fault fault) throws InterruptedException {
    while (struck.contains(fault.target()) || leavesNobody(fault)) {
      wait();
    }
    struck.add(fault.target());
    begun.add(fault);
    if (fault.kind().silences()) {
      downtimes.begin(fault.target(), fault.kind().cause(), System.nanoTime());
    }
  }

  private boolean leavesNobody(Fault fault) {
    Member target = fault.target();
    return sparesTheLast
        && fault.kind().silences()
        && target.role() != Role.ZOOKEEPER
        && downtimes.up(target.role()) <= 1;
  }

  private void begin(Fault fault) throws InterruptedException {
    recoveries.began(fault, System.nanoTime());
    switch (fault.kind().means()) {
      case REPLACE, RESTART, RESTART_EMPTY -> cluster.process(fault.target()).kill();
      case DRAIN -> cluster.process(fault.target()).terminate();
      case FREEZE -> cluster.process(fault.target()).freeze();
      case LATENCY -> apply(fault, new WireFault.Latency(LATENCY));
      case BANDWIDTH ->
          apply(
              fault,
              new WireFault.Bandwidth(
                  fault.kind().place() == Place.KV
                      ? KV_BYTES_PER_SECOND
                      : CONTROL_BYTES_PER_SECOND));
      case HALF_OPEN -> apply(fault, new WireFault.HalfOpen());
      case RESET -> apply(fault, new WireFault.Reset());
      case TRUNCATION ->
          apply(
              fault, new WireFault.Truncation(Math.floorMod(fault.seed(), MOST_BYTES_BEFORE_CUT)));
      case REORDERING -> apply(fault, new WireFault.Reordering(LATENCY.multipliedBy(5)));
      case BIT_FLIPS -> apply(fault, new WireFault.BitFlips(ONE_FRAME_IN, fault.seed()));
    }
  }

  private void apply(Fault fault, WireFault wire) {
    proxy(fault).ifPresent(proxy -> proxy.apply(wire));
  }

  private Optional<FaultProxy> proxy(Fault fault) {
    WorkerAddresses at = cluster.addressesOf(fault.target());
    return switch (fault.kind().place()) {
      case CONTROL -> Optional.of(at.control());
      case KV -> at.kv();
      case SESSION -> Optional.of(at.session());
      case PREFILL, DECODE, ROUTER, ZOOKEEPER -> Optional.empty();
    };
  }

  private void healLater(Fault fault) {
    try {
      Thread.sleep(fault.lasts());
      heal(fault);
      downtimes.end(fault.target(), System.nanoTime());
      if (!membership.await(HEAL_LIMIT)) {
        missing(fault, "a router does not know all workers that are up");
      }
    } catch (Failure notBack) {
      missing(fault, String.valueOf(notBack.getMessage()));
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      struck.remove(fault.target());
      notifyAll();
    }
    gate.healed();
  }

  private synchronized void missing(Fault fault, String why) {
    missing.add("after " + fault + ": " + why);
  }

  private void heal(Fault fault) throws InterruptedException {
    Member target = fault.target();
    switch (fault.kind().means()) {
      case REPLACE -> {
        cluster.startElsewhere(target);
        cluster.awaitReady(target);
      }
      case RESTART -> {
        cluster.start(target);
        cluster.awaitReady(target);
      }
      case DRAIN -> {
        cluster.process(target).awaitOrderlyEnd(DRAIN_LIMIT);
        if (target.role() == Role.ROUTER) {
          cluster.start(target);
        } else {
          cluster.startElsewhere(target);
        }
        cluster.awaitReady(target);
      }
      case RESTART_EMPTY -> {
        cluster.startEmpty();
        cluster.awaitReady(target);
      }
      case FREEZE -> {
        cluster.process(target).thaw();
        if (target.role() == Role.ROUTER) {
          cluster.awaitRouter(target, HEAL_LIMIT);
        }
      }
      case LATENCY, BANDWIDTH, HALF_OPEN, RESET, TRUNCATION, REORDERING, BIT_FLIPS ->
          proxy(fault).ifPresent(FaultProxy::heal);
    }
  }
}
