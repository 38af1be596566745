package dev.baton.simulation;

import dev.baton.cluster.membership.Member;
import dev.baton.router.placement.JointObjective;
import dev.baton.router.placement.LocalPrefillRule;
import dev.baton.router.placement.PlacementPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Who is there: routers, workers, and the list of members that ZooKeeper would show, which routers
 * hear of late. A worker that comes back, or thaws after its session is over, is there under
 * another epoch.
 */
final class SimulatedCluster {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** A worker that stands still, or is dead, is forgotten after it. */
  private static final long SESSION_TIMEOUT = 3 * SECOND / 2;

  /** What the largest request takes: 30 tokens of prompt, two answers of 14. */
  private static final int LEAST_BLOCKS = 16;

  private final Events events;
  private final Fence fence;
  private final Network network;
  private final PlacementPolicy policy;
  private final LocalPrefillRule local;

  /** Of each worker: from just enough for the largest request to enough for several. */
  private final int blocks;

  private final Map<String, RouterHost> routers = new LinkedHashMap<>();
  private final Map<String, WorkerHost> workers = new LinkedHashMap<>();
  private final List<WorkerHost> allWorkers = new ArrayList<>();
  private final List<RouterHost> allRouters = new ArrayList<>();
  private final Map<SimulatedProcess, Runnable> checks = new HashMap<>();
  private final Map<String, Member> members = new LinkedHashMap<>();
  private long epochs = 100;

  SimulatedCluster(Events events) {
    this.events = events;
    this.fence = new Fence(events);
    this.network = new Network(events, fence);
    this.policy = events.any(List.of(PlacementPolicy.values()));
    this.blocks = LEAST_BLOCKS + events.random().nextInt(25);
    this.local = events.any(List.of(LocalPrefillRule.values()));
  }

  /** Starts everybody. */
  void start() {
    List.of("p1", "p2", "d1", "d2", "d3").forEach(this::startWorker);
    List.of("router-1", "router-2").forEach(this::startRouter);
  }

  Network network() {
    return network;
  }

  /** The latest incarnation of each, dead or not. */
  List<RouterHost> routers() {
    return List.copyOf(routers.values());
  }

  /** The latest incarnation of each, dead or not. */
  List<WorkerHost> workers() {
    return List.copyOf(workers.values());
  }

  /** Messages that came after another sender had taken their handoff over. */
  int fencedMessages() {
    return fence.fenced();
  }

  /** How often requests went on after a loss, by its reason and how. */
  Map<String, Integer> recoveries() {
    Map<String, Integer> all = new HashMap<>();
    allRouters.forEach(each -> each.addRecoveries(all));
    return all;
  }

  /** Looks at what must hold after the last event. */
  void check() {
    SimulatedProcess ran = events.ran();
    if (ran == null) {
      routers.values().forEach(RouterHost::checkDeadlines);
    } else if (!ran.isFrozen()) {
      // What it was to do only waits until it thaws.
      Runnable check = checks.get(ran);
      if (check != null) {
        check.run();
      }
    }
  }

  /** What those that live have not given back. */
  List<String> leftovers() {
    List<String> left = new ArrayList<>();
    for (RouterHost router : routers.values()) {
      if (!router.process().isDead()) {
        left.addAll(router.leftovers());
      }
    }
    for (WorkerHost worker : workers.values()) {
      if (!worker.process().isDead()) {
        left.addAll(worker.leftovers());
      }
    }
    return left;
  }

  /** Gives memory back. */
  void close() {
    allWorkers.forEach(WorkerHost::close);
  }

  private void startWorker(String id) {
    long epoch = ++epochs;
    WorkerHost worker =
        id.startsWith("p")
            ? new PrefillHost(id, epoch, blocks, network)
            : new DecodeHost(id, epoch, blocks, network);
    workers.put(id, worker);
    allWorkers.add(worker);
    checks.put(worker.process(), worker::check);
    join(worker);
  }

  private void join(WorkerHost worker) {
    events.note(() -> worker + " joins under epoch " + worker.epoch());
    members.put(worker.id(), worker.member());
    tellMembers();
  }

  /** The worker's session is over, unless it has another by then. */
  private void forget(WorkerHost worker, long epoch) {
    Member member = members.get(worker.id());
    if (member != null && member.epoch() == epoch) {
      members.remove(worker.id());
      events.note(() -> "the session of " + worker + " is over");
      tellMembers();
    }
  }

  private void tellMembers() {
    routers.values().forEach(this::tellMembers);
  }

  private void tellMembers(RouterHost router) {
    events.at(
        events.now() + events.some(SECOND / 4),
        () -> router.members(List.copyOf(members.values())));
  }

  private void startRouter(String id) {
    RouterHost router =
        new RouterHost(
            id,
            policy.placement(
                new JointObjective(1, 0.1, 0, 0, local, 5), id.charAt(id.length() - 1)),
            network);
    routers.put(id, router);
    allRouters.add(router);
    checks.put(router.process(), router::check);
    tellMembers(router);
  }

  /** The worker dies, and comes back on its address after so long. */
  void kill(WorkerHost worker, long away) {
    worker.process().kill();
    network.died(worker.process());
    forgetLater(worker);
    events.at(events.now() + away, () -> startWorker(worker.id()));
  }

  /** The router dies, and comes back on its address after so long. */
  void kill(RouterHost router, long away) {
    router.process().kill();
    network.died(router.process());
    events.at(events.now() + away, () -> startRouter(router.process().toString()));
  }

  /**
   * The worker stands still for so long.
   *
   * @return whether it lives on under another epoch, unless it dies meanwhile
   */
  boolean freeze(WorkerHost worker, long nanos) {
    freeze(worker.process(), nanos);
    if (nanos < SESSION_TIMEOUT) {
      return false;
    }
    forgetLater(worker);
    events.at(
        events.now() + nanos,
        () -> {
          if (!worker.process().isDead()) {
            worker.register(++epochs);
            join(worker);
          }
        });
    return true;
  }

  /** The process stands still for so long. */
  void freeze(SimulatedProcess process, long nanos) {
    events.note(() -> process + " freezes for " + nanos / 1000 + " us");
    process.freeze();
    events.at(
        events.now() + nanos,
        () -> {
          events.note(() -> process + " thaws");
          process.thaw();
        });
  }

  private void forgetLater(WorkerHost worker) {
    long epoch = worker.epoch();
    events.at(events.now() + SESSION_TIMEOUT, () -> forget(worker, epoch));
  }
}
