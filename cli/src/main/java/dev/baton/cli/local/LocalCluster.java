package dev.baton.cli.local;

import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.Stopped;
import dev.baton.cli.shell.TemporaryDirectory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A whole cluster on this machine: ZooKeeper, workers and a router, each a process of its own.
 *
 * <ul>
 *   <li>{@link #start} returns when the router can place requests; when that fails, everything that
 *       was started is stopped.
 *   <li>{@link #close} stops the router, then the workers, then ZooKeeper, and removes the run
 *       directory; from any thread, also while starting. Idempotent: later callers wait for the
 *       first.
 *   <li>A child that dies on its own is reported on stderr; the others stay.
 *   <li>Children end when this process does, even by SIGKILL: the run directory then stays.
 * </ul>
 */
public final class LocalCluster implements AutoCloseable {
  /** It has a few members to hold, and all others start at the same time. */
  private static final List<String> ZOOKEEPER =
      Stream.concat(JavaCommand.SMALL.stream(), Stream.of("-XX:TieredStopAtLevel=1")).toList();

  private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

  private final ClusterPlan plan;
  private final TemporaryDirectory runDirectory =
      TemporaryDirectory.create("baton-" + ProcessHandle.current().pid() + "-");
  private final Object closeLock = new Object();
  private final List<ChildProcess> children = new ArrayList<>(); // in order of their start
  private boolean started;
  private boolean closing;

  /** A cluster that is not started yet. Have it closed at exit before starting it. */
  public LocalCluster(ClusterPlan plan) {
    this.plan = plan;
  }

  /**
   * Starts everything and waits until a request can be placed.
   *
   * @throws Failure when a process dies or is not ready in time, with its last log lines
   * @throws Stopped when it was closed meanwhile
   */
  public ClusterEndpoints start(Progress progress) throws InterruptedException {
    try {
      return startAll(progress);
    } catch (Failure | InterruptedException failed) {
      boolean stopped = isClosing();
      close();
      if (stopped) {
        throw new Stopped();
      }
      throw failed;
    }
  }

  private ClusterEndpoints startAll(Progress progress) throws InterruptedException {
    Instant end = Instant.now().plus(plan.startLimit());
    int zooKeeperPort = LocalPorts.free(); // which all others are told at once
    ChildProcess zooKeeper =
        launch(
            "zookeeper",
            JavaCommand.of(
                ZOOKEEPER,
                List.of(
                    "zookeeper",
                    "--port",
                    Integer.toString(zooKeeperPort),
                    "--data-dir",
                    runDirectory.path().resolve("zookeeper").toString(),
                    "--stop-with-parent")));
    List<String> shared =
        List.of(
            "--model",
            plan.model().toString(),
            "--zookeeper",
            "127.0.0.1:" + zooKeeperPort,
            "--stop-with-parent");
    List<ChildProcess> workers = new ArrayList<>();
    for (WorkerPlan worker : plan.workers()) {
      workers.add(
          launch(worker.id(), JavaCommand.withEngine(worker.jvmFlags(), worker.command(shared))));
    }
    ChildProcess router = launch("router", JavaCommand.of(routerArguments(shared)));

    progress.step("starting ZooKeeper");
    ReadyLine readyZooKeeper = zooKeeper.ready(until(end));
    List<ReadyLine> readyWorkers = new ArrayList<>();
    for (ChildProcess worker : workers) {
      progress.step("starting " + worker.name());
      readyWorkers.add(worker.ready(until(end)));
    }
    progress.step("starting the router");
    ReadyLine readyRouter = router.ready(until(end));
    progress.step("waiting until the router sees the workers");
    RouterReadiness.await(readyRouter.endpoint("http"), router::isAlive, until(end));
    synchronized (this) {
      started = true;
    }
    return new ClusterEndpoints(
        plan.model(), readyZooKeeper, readyRouter, readyWorkers, runDirectory.path());
  }

  private List<String> routerArguments(List<String> shared) {
    List<String> own =
        List.of(
            "router",
            "--id",
            "router-1",
            "--http-port",
            Integer.toString(plan.httpPort()),
            "--grpc-port",
            Integer.toString(plan.grpcPort()));
    return Stream.of(own, shared, plan.routerArguments()).flatMap(List::stream).toList();
  }

  /** Under the lock, so that a child is either seen by {@link #close} or never started. */
  private synchronized ChildProcess launch(String name, List<String> command) {
    if (closing) {
      throw new Stopped();
    }
    ChildProcess child =
        ChildProcess.start(name, command, runDirectory.path().resolve(name + ".log"));
    children.add(child);
    child.onExit(code -> reportDeath(child, code));
    return child;
  }

  /** While starting, {@link #start} itself fails, and says why. */
  private void reportDeath(ChildProcess child, int code) {
    if (isUp()) {
      System.err.printf(
          "baton: %s (pid %d) ended with exit code %d; the rest goes on; its log: %s%n",
          child.name(), child.pid(), code, child.log().path());
    }
  }

  private synchronized boolean isUp() {
    return started && !closing;
  }

  /** Whether {@link #close} was called. */
  public synchronized boolean isClosing() {
    return closing;
  }

  private static Duration until(Instant end) {
    Duration left = Duration.between(Instant.now(), end);
    return left.isPositive() ? left : Duration.ZERO;
  }

  @Override
  public void close() {
    synchronized (closeLock) {
      List<ChildProcess> last;
      synchronized (this) {
        closing = true;
        last = List.copyOf(children);
      }
      stop(last, "router");
      stop(last, "prefill", "decode", "mixed");
      stop(last, "zookeeper");
      runDirectory.close();
    }
  }

  /** Stops those of these roles, all at once. */
  private static void stop(List<ChildProcess> children, String... roles) {
    ChildProcess.stop(
        children.stream()
            .filter(child -> Stream.of(roles).anyMatch(child.name()::startsWith))
            .toList(),
        STOP_LIMIT);
  }
}
