package dev.baton.simulation;

import dev.baton.client.ErrorCode;
import dev.baton.cluster.membership.Member;
import dev.baton.router.placement.JointObjective;
import dev.baton.router.placement.LocalPrefillRule;
import dev.baton.router.placement.PlacementPolicy;
import dev.baton.simulation.SimulatedRequest.End;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A cluster with two routers, two prefill and three decode workers, and some clients, on one
 * thread, in which everything goes wrong that can. A seed decides all that is left open: the order
 * of what happens at the same time, how late each message is, what fails, what is asked. A run can
 * be repeated.
 *
 * <h2>Real</h2>
 *
 * The Java client; the routers' gRPC door, admission, placement, prefix index, request lifecycle
 * and recovery; the decode workers' calls, queue for blocks, loop and receiver; the prefill
 * workers' queue, loop, jobs and sender; block pools, generated gRPC code, what is said on the
 * wire, byte by byte. Their own threads run them, as virtual ones that {@link Events} lets go on
 * one at a time.
 *
 * <h2>Simulated</h2>
 *
 * Time; the network ({@link Network}, below gRPC's API); the engine, which computes nothing and
 * checks all KV that it reads ({@link SimulatedModel}); when a worker tells its status ({@link
 * SimulatedStatus}); membership: the list that ZooKeeper would show, told late. Absent: HTTP door,
 * shared memory, several streams of one push, pulls, the disk tier, drain.
 *
 * <h2>What must hold after every event</h2>
 *
 * <ul>
 *   <li>What a client has of each choice begins the answer of an undisturbed run; nothing comes
 *       after the end, and the end comes once ({@link SimulatedRequest}).
 *   <li>A router has ended each request by its deadline, and a moment after its client left; it
 *       counts nothing on any worker that belongs to no request ({@link RouterHost}).
 *   <li>A worker lets go of every request and block a moment after its call ended; no engine reads
 *       a wrong byte ({@link WorkerHost}).
 *   <li>Who has no right to write into a decode worker's blocks, or not any more, does not change a
 *       byte of them ({@link Fence}).
 *   <li>Where nothing fails, nobody's request does.
 * </ul>
 *
 * At the end nothing is left of anything.
 */
final class ClusterSimulation {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  /** ZooKeeper forgets a worker after it. */
  private static final long SESSION_TIMEOUT = 3 * SECOND / 2;

  private static final int MOST_STEPS = 400_000;
  private static final Set<ErrorCode> OF_FAULTS =
      Set.of(
          ErrorCode.DEADLINE_EXCEEDED,
          ErrorCode.NO_WORKER,
          ErrorCode.OVERLOADED,
          ErrorCode.STALLED,
          ErrorCode.WORKER_LOST,
          ErrorCode.HANDOFF_REFUSED,
          ErrorCode.UNREACHABLE);

  /** What happened in a run, or in many: how often each. */
  record Account(Map<String, Integer> counts, long steps, long fingerprint) {
    Account() {
      this(new TreeMap<>(), 0, 0);
    }

    Account plus(Account other) {
      Account sum =
          new Account(
              new TreeMap<>(counts), steps + other.steps, fingerprint * 31 + other.fingerprint);
      other.counts.forEach((what, count) -> sum.counts.merge(what, count, Integer::sum));
      return sum;
    }

    int of(String what) {
      return counts.getOrDefault(what, 0);
    }
  }

  private final Events events;
  private final Random random;
  private final Fence fence;
  private final Network network;
  private final Map<String, RouterHost> routers = new LinkedHashMap<>();
  private final Map<String, WorkerHost> workers = new LinkedHashMap<>();
  private final List<WorkerHost> allWorkers = new ArrayList<>();
  private final Map<SimulatedProcess, Runnable> checks = new HashMap<>();
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final List<SimulatedRequest> requests = new ArrayList<>();
  private final Account account = new Account();
  private final PlacementPolicy policy;
  private final LocalPrefillRule local;
  private final int wanted;
  private final int faults;
  private long epochs = 100;

  private ClusterSimulation(long seed, boolean remembers) {
    this.events = new Events(seed, remembers);
    this.random = events.random();
    this.fence = new Fence(events);
    this.network = new Network(events, fence);
    this.policy = any(List.of(PlacementPolicy.values()));
    this.local = any(List.of(LocalPrefillRule.values()));
    this.wanted = random.nextInt(3, 8);
    this.faults = events.chance(10) ? 0 : random.nextInt(1, 10);
  }

  /**
   * One run to its end.
   *
   * @throws AssertionError if anything did not hold; its message has the seed and how to run it
   *     again, and what happened last
   */
  static Account run(long seed) {
    try {
      return new ClusterSimulation(seed, false).run();
    } catch (AssertionError e) {
      throw new AssertionError(
          "seed %d, again with -Dbaton.simulation.seed=%d%n%s%n%s"
              .formatted(seed, seed, e.getMessage(), String.join("\n", history(seed))),
          e);
    }
  }

  private static List<String> history(long seed) {
    ClusterSimulation again = new ClusterSimulation(seed, true);
    try {
      Account _ = again.run();
    } catch (AssertionError e) {
      return again.events.history();
    }
    return List.of("it did not fail again: something in it does not follow the seed");
  }

  private <T> T any(List<T> of) {
    return of.get(random.nextInt(of.size()));
  }

  private Account run() {
    for (String id : List.of("p1", "p2", "d1", "d2", "d3")) {
      startWorker(id);
    }
    for (String id : List.of("router-1", "router-2")) {
      startRouter(id);
    }
    for (int i = 0; i < wanted; i++) {
      events.at(events.now() + SECOND / 2 + events.some(SECOND), this::ask);
    }
    for (int i = 0; i < faults; i++) {
      events.at(events.now() + SECOND / 2 + events.some(2 * SECOND), this::disturb);
    }
    try {
      while ((events.ran() != null || !isOver()) && events.step()) {
        check();
        if (events.steps() > MOST_STEPS) {
          throw new AssertionError("the world does not come to rest");
        }
      }
      checkEnd();
    } finally {
      allWorkers.forEach(WorkerHost::close);
    }
    return settle();
  }

  private void check() {
    SimulatedProcess ran = events.ran();
    if (ran == null) {
      routers.values().forEach(RouterHost::checkDeadlines);
    } else {
      Runnable check = checks.get(ran);
      if (check != null) {
        check.run();
      }
    }
  }

  // ---- who is there

  private void startWorker(String id) {
    long epoch = ++epochs;
    WorkerHost worker =
        id.startsWith("p")
            ? new PrefillHost(id, epoch, network)
            : new DecodeHost(id, epoch, network);
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
    checks.put(router.process(), router::check);
    tellMembers(router);
  }

  private void ask() {
    SimulatedRequest request = new SimulatedRequest(requests.size() + 1, events);
    requests.add(request);
    request.begin(network, routers.values().stream().map(RouterHost::address).toList());
    if (events.chance(15)) {
      events.at(events.now() + events.some(2 * SECOND), request::cancel);
    }
  }

  // ---- what fails

  private void disturb() {
    switch (random.nextInt(10)) {
      case 0, 1 -> killWorker();
      case 2, 3 -> freezeWorker();
      case 4, 5 -> breakCall();
      case 6 -> partition();
      case 7 -> killRouter();
      case 8 -> freeze(any(List.copyOf(routers.values())).process(), events.some(2 * SECOND));
      default -> breakCallsOf(any(List.copyOf(workers.values())).process());
    }
  }

  private void count(String what) {
    account.counts.merge(what, 1, Integer::sum);
  }

  private void killWorker() {
    WorkerHost worker = any(List.copyOf(workers.values()));
    if (worker.process().isDead()) {
      return;
    }
    count("killed worker");
    events.note(() -> worker + " is killed");
    worker.process().kill();
    network.died(worker.process());
    long epoch = worker.epoch();
    events.at(events.now() + SESSION_TIMEOUT, () -> forget(worker, epoch));
    events.at(events.now() + events.some(3 * SECOND), () -> startWorker(worker.id()));
  }

  private void freezeWorker() {
    WorkerHost worker = any(List.copyOf(workers.values()));
    long nanos = events.some(events.chance(50) ? SECOND / 2 : 4 * SECOND);
    if (!freeze(worker.process(), nanos) || nanos < SESSION_TIMEOUT) {
      return;
    }
    long epoch = worker.epoch();
    events.at(events.now() + SESSION_TIMEOUT, () -> forget(worker, epoch));
    events.at(
        events.now() + nanos,
        () -> {
          if (!worker.process().isDead()) {
            count("fenced worker");
            worker.register(++epochs);
            join(worker);
          }
        });
  }

  private boolean freeze(SimulatedProcess process, long nanos) {
    if (process.isDead() || process.isFrozen()) {
      return false;
    }
    count("frozen process");
    events.note(() -> process + " freezes for " + nanos / 1000 + " us");
    process.freeze();
    events.at(
        events.now() + nanos,
        () -> {
          events.note(() -> process + " thaws");
          process.thaw();
        });
    return true;
  }

  private void breakCall() {
    List<SimulatedCall<?, ?>> open = network.open();
    if (!open.isEmpty()) {
      count("broken call");
      any(open).breakOff();
    }
  }

  private void breakCallsOf(SimulatedProcess process) {
    count("broken connections");
    events.note(() -> "the connections of " + process + " break");
    network.open().stream().filter(call -> call.isOf(process)).forEach(SimulatedCall::breakOff);
  }

  private void partition() {
    List<SimulatedProcess> all = new ArrayList<>();
    routers.values().forEach(each -> all.add(each.process()));
    workers.values().forEach(each -> all.add(each.process()));
    SimulatedProcess one = any(all);
    SimulatedProcess other = any(all);
    count("partition");
    events.note(() -> one + " and " + other + " do not reach each other");
    network.partition(one, other);
    events.at(events.now() + events.some(3 * SECOND), () -> network.heal(one, other));
  }

  private void killRouter() {
    RouterHost router = any(List.copyOf(routers.values()));
    if (router.process().isDead()) {
      return;
    }
    count("killed router");
    events.note(() -> router.process() + " is killed");
    router.process().kill();
    router.addRecoveries(account.counts);
    network.died(router.process());
    String id = router.process().toString();
    events.at(events.now() + events.some(2 * SECOND), () -> startRouter(id));
  }

  // ---- the end

  private boolean isOver() {
    if (requests.size() < wanted || requests.stream().anyMatch(each -> each.end() == null)) {
      return false;
    }
    long last = requests.stream().mapToLong(SimulatedRequest::deadline).max().orElseThrow();
    return events.now() > last + 10 * SECOND
        || (leftovers().isEmpty() && network.open().stream().allMatch(SimulatedCall::isOfStatus));
  }

  private List<String> leftovers() {
    List<String> left = new ArrayList<>();
    routers.values().stream()
        .filter(each -> !each.process().isDead())
        .forEach(each -> left.addAll(each.leftovers()));
    allWorkers.stream()
        .filter(each -> !each.process().isDead())
        .forEach(each -> left.addAll(each.leftovers()));
    return left;
  }

  private void checkEnd() {
    for (SimulatedRequest each : requests) {
      require(each.end() != null, each + " never ended");
      if (each.end() == End.FAILED) {
        ErrorCode code = Objects.requireNonNull(each.failure()).code();
        require(OF_FAULTS.contains(code), each + " must not fail so");
        require(faults > 0, each + " failed though nothing did");
      }
    }
    List<String> left = leftovers();
    require(left.isEmpty(), "left at the end: " + left);
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  private Account settle() {
    for (SimulatedRequest each : requests) {
      @Nullable End end = each.end();
      count(
          end == End.FAILED
              ? "failed " + Objects.requireNonNull(each.failure()).code()
              : String.valueOf(end).toLowerCase(Locale.ROOT));
    }
    routers.values().stream()
        .filter(each -> !each.process().isDead())
        .forEach(each -> each.addRecoveries(account.counts));
    account.counts.merge("fenced message", fence.fenced(), Integer::sum);
    return new Account(account.counts, events.steps(), events.fingerprint());
  }
}
