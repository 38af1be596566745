package dev.baton.cli.chaos;

import dev.baton.cli.local.ChildProcess;
import dev.baton.cli.local.LocalPorts;
import dev.baton.cli.local.RouterReadiness;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.cli.shell.TemporaryDirectory;
import dev.baton.harness.chaos.FaultProxy;
import dev.baton.harness.chaos.Member;
import dev.baton.harness.chaos.Member.Role;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * A cluster of separate processes on loopback, and a fault proxy on every connection between
 * routers, workers and ZooKeeper that a fault can strike. Parts can be killed, frozen, started
 * again where they were or elsewhere, one thread at a time for each part. {@link #close} ends
 * everything, from any thread, also while starting.
 */
final class ChaosCluster implements AutoCloseable {
  private static final Duration START_LIMIT = Duration.ofMinutes(3);
  private static final Duration STOP_LIMIT = Duration.ofSeconds(8);
  private static final Member ZOOKEEPER = new Member(Role.ZOOKEEPER, 0);

  private final TemporaryDirectory directory =
      TemporaryDirectory.create("baton-" + ProcessHandle.current().pid() + "-");
  private final int zooKeeperPort = LocalPorts.free();
  private final List<Integer> httpPorts = new ArrayList<>();
  private final List<Integer> grpcPorts = new ArrayList<>();
  private final AtomicInteger zooKeepersLost = new AtomicInteger();
  private final ChaosCommands commands;
  private final Map<Member, ChaosMember> members = new LinkedHashMap<>();
  private final Map<Member, WorkerAddresses> addresses = new ConcurrentHashMap<>();
  private final Map<Member, Integer> moves = new ConcurrentHashMap<>();
  private final List<FaultProxy> formerKvProxies = new ArrayList<>();

  /** A cluster that is not started yet. Have it closed at exit before starting it. */
  ChaosCluster(ChaosPlan plan, Path model) {
    Path logs = plan.logs().orElse(directory.path());
    Path secret = directory.path().resolve("tenant-secret");
    try {
      Files.createDirectories(logs);
      Files.writeString(secret, UUID.randomUUID().toString());
    } catch (IOException notWritable) {
      throw new Failure("cannot write to " + logs + ": " + notWritable.getMessage(), notWritable);
    }
    commands = new ChaosCommands(plan, model, secret, zooKeeperPort);
    for (Role role : List.of(Role.ZOOKEEPER, Role.PREFILL, Role.DECODE, Role.ROUTER)) {
      plan.shape().members(role).forEach(each -> members.put(each, new ChaosMember(logs)));
    }
    plan.shape()
        .members(Role.ROUTER)
        .forEach(_ -> {
          httpPorts.add(LocalPorts.free());
          grpcPorts.add(LocalPorts.free());
        });
    plan.shape()
        .workers()
        .forEach(each -> addresses.put(each, WorkerAddresses.of(each, 0, zooKeeperPort)));
  }

  /** Starts everything, and returns when every router can place requests. */
  void start(Progress progress) throws InterruptedException {
    progress.step("starting ZooKeeper");
    start(ZOOKEEPER);
    awaitReady(ZOOKEEPER);
    for (Member member : members.keySet()) {
      if (!member.equals(ZOOKEEPER)) {
        start(member);
      }
    }
    for (Member member : members.keySet()) {
      progress.step("starting " + member);
      awaitReady(member);
    }
  }

  /** Starts a part where it was. */
  void start(Member member) {
    switch (member.role()) {
      case ZOOKEEPER -> of(member).start("zookeeper", commands.zooKeeper(zooKeeperData()));
      case ROUTER ->
          of(member)
              .start(
                  member.toString(),
                  commands.router(
                      member, httpPorts.get(member.index()), grpcPorts.get(member.index())));
      case PREFILL, DECODE -> {
        WorkerAddresses at = addressesOf(member);
        of(member).start(at.id(), commands.worker(member, at));
      }
    }
  }

  /** Starts ZooKeeper without what it had on disk. */
  void startEmpty() {
    zooKeepersLost.incrementAndGet();
    start(ZOOKEEPER);
  }

  private Path zooKeeperData() {
    return directory.path().resolve("zookeeper-" + zooKeepersLost);
  }

  /** Starts a worker under another name and at other addresses than before. */
  void startElsewhere(Member worker) {
    WorkerAddresses former = addressesOf(worker);
    former.close();
    synchronized (formerKvProxies) {
      former.kv().ifPresent(formerKvProxies::add);
    }
    int move = moves.merge(worker, 1, Integer::sum);
    addresses.put(worker, WorkerAddresses.of(worker, move, zooKeeperPort));
    start(worker);
  }

  /**
   * Waits until a part that was started can work.
   *
   * @throws Failure with its last log lines if it cannot
   */
  void awaitReady(Member member) throws InterruptedException {
    var _ = of(member).awaitReady(START_LIMIT);
    if (member.role() == Role.ROUTER) {
      awaitRouter(member, START_LIMIT);
    }
  }

  /** Waits until a router can place requests. */
  void awaitRouter(Member router, Duration limit) throws InterruptedException {
    RouterReadiness.await("127.0.0.1:" + httpPorts.get(router.index()), limit);
  }

  /** The process that a part is now. */
  ChildProcess process(Member member) {
    return of(member).process();
  }

  /** Where a worker is reached. */
  WorkerAddresses addressesOf(Member worker) {
    WorkerAddresses at = addresses.get(worker);
    if (at == null) {
      throw new IllegalArgumentException(worker + " is no worker of this cluster");
    }
    return at;
  }

  private ChaosMember of(Member member) {
    ChaosMember part = members.get(member);
    if (part == null) {
      throw new IllegalArgumentException(member + " is no part of this cluster");
    }
    return part;
  }

  /** host:port of each router's gRPC door. */
  List<String> grpc() {
    return grpcPorts.stream().map(port -> "127.0.0.1:" + port).toList();
  }

  /** host:port of each router's HTTP door. */
  List<String> http() {
    return httpPorts.stream().map(port -> "127.0.0.1:" + port).toList();
  }

  /** Where the parts that are ready show their metrics. */
  List<String> admins() {
    return members.values().stream().map(ChaosMember::admin).flatMap(Optional::stream).toList();
  }

  /** Proxies that KV passes, or passed. */
  List<FaultProxy> kvProxies() {
    synchronized (formerKvProxies) {
      return Stream.concat(
              formerKvProxies.stream(),
              addresses.values().stream().flatMap(each -> each.kv().stream()))
          .toList();
    }
  }

  @Override
  public void close() {
    List<ChildProcess> last =
        members.values().stream().map(ChaosMember::end).flatMap(Optional::stream).toList();
    last.forEach(ChaosCluster::thaw); // what stands still cannot end
    for (String names : List.of("router", "prefill|decode", "zookeeper")) {
      ChildProcess.stop(
          last.stream().filter(each -> each.name().matches("(" + names + ").*")).toList(),
          STOP_LIMIT);
    }
    addresses.values().forEach(WorkerAddresses::close);
    directory.close();
  }

  private static void thaw(ChildProcess process) {
    try {
      process.thaw();
    } catch (InterruptedException stopping) {
      Thread.currentThread().interrupt();
    } catch (Failure gone) {
      // it is killed below
    }
  }
}
