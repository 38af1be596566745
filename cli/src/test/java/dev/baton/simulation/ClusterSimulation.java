package dev.baton.simulation;

import dev.baton.client.ErrorCode;
import dev.baton.simulation.SimulatedRequest.End;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
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
      other.counts.forEach(sum::add);
      return sum;
    }

    private void count(String what) {
      add(what, 1);
    }

    private void add(String what, int times) {
      counts.merge(what, times, Integer::sum);
    }

    int of(String what) {
      return counts.getOrDefault(what, 0);
    }
  }

  private final Events events;
  private final SimulatedCluster cluster;
  private final List<SimulatedRequest> requests = new ArrayList<>();
  private final Account account = new Account();
  private final int wanted;
  private final int faults;

  private ClusterSimulation(long seed, boolean remembers) {
    this.events = new Events(seed, remembers);
    this.cluster = new SimulatedCluster(events);
    this.wanted = events.random().nextInt(3, 8);
    this.faults = events.chance(10) ? 0 : events.random().nextInt(1, 10);
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

  private Account run() {
    cluster.start();
    Disturbances disturbances = new Disturbances(events, cluster, account::count);
    for (int i = 0; i < wanted; i++) {
      events.at(events.now() + SECOND / 2 + events.some(SECOND), this::ask);
    }
    for (int i = 0; i < faults; i++) {
      events.at(events.now() + SECOND / 2 + events.some(2 * SECOND), disturbances::strike);
    }
    try {
      while ((events.ran() != null || !isOver()) && events.step()) {
        cluster.check();
        require(events.steps() < MOST_STEPS, "the world does not come to rest");
      }
      checkEnd();
    } finally {
      cluster.close();
    }
    return settle();
  }

  private void ask() {
    SimulatedRequest request = new SimulatedRequest(requests.size() + 1, events);
    requests.add(request);
    request.begin(cluster.network(), cluster.routers().stream().map(RouterHost::address).toList());
    if (events.chance(15)) {
      events.at(events.now() + events.some(2 * SECOND), request::cancel);
    }
  }

  private boolean isOver() {
    if (requests.size() < wanted || requests.stream().anyMatch(each -> each.end() == null)) {
      return false;
    }
    long last = requests.stream().mapToLong(SimulatedRequest::deadline).max().orElseThrow();
    return events.now() > last + 10 * SECOND || cluster.leftovers().isEmpty();
  }

  private void checkEnd() {
    for (SimulatedRequest each : requests) {
      require(each.end() != null, each + " never ended");
      if (each.end() == End.FAILED) {
        ErrorCode code = Objects.requireNonNull(each.failure()).code();
        require(OF_FAULTS.contains(code), each + " must not fail so");
        require(faults > 0 || code == ErrorCode.OVERLOADED, each + " failed though nothing did");
        require(code != ErrorCode.DEADLINE_EXCEEDED || each.isLate(), each + " had time left");
      }
    }
    List<String> left = cluster.leftovers();
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
      account.count(
          end == End.FAILED
              ? "failed " + Objects.requireNonNull(each.failure()).code()
              : String.valueOf(end).toLowerCase(Locale.ROOT));
    }
    cluster.recoveries().forEach(account::add);
    account.add("fenced message", cluster.fencedMessages());
    return new Account(account.counts, events.steps(), events.fingerprint());
  }
}
