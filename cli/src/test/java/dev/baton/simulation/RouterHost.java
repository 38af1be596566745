package dev.baton.simulation;

import dev.baton.cluster.membership.Member;
import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.router.admission.AdmissionGate;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.generation.GenerationLimits;
import dev.baton.router.generation.Generations;
import dev.baton.router.generation.Models;
import dev.baton.router.generation.RecoveryLimits;
import dev.baton.router.grpc.GenerationDoor;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.Placement;
import dev.baton.router.tenant.Tenants;
import dev.baton.router.workers.Workers;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;

/** A router: all of it but its servers, its HTTP door and its connection to ZooKeeper is real. */
final class RouterHost {
  static final Duration STALL_LIMIT = Duration.ofSeconds(1);

  /** The longest that a request may take, whatever its client says. */
  static final Duration LIMIT = Duration.ofSeconds(3);

  /** A router is done with a request so soon after its end. */
  private static final long LETTING_GO = TimeUnit.MILLISECONDS.toNanos(100);

  private static final int INDEX_BYTES = 1 << 16;
  private static final String METHOD =
      GenerationServiceGrpc.getGenerateMethod().getFullMethodName();

  private final Events events;
  private final Network network;
  private final SimulatedProcess process;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final Workers workers;
  private final Generations generations;
  private int ranBefore;

  RouterHost(String id, Placement placement, Network network) {
    this.events = network.events();
    this.network = network;
    this.process = new SimulatedProcess(id, events);
    this.workers =
        new Workers(
            placement,
            new PrefixIndex(INDEX_BYTES, 64),
            address -> new SimulatedChannel(network, process, address, OptionalLong.empty()),
            process.timer(),
            events::now,
            () -> events.random().nextDouble(0.8, 1.2));
    AdmissionGate gate =
        new AdmissionGate(
            AdmissionLimits.DEFAULT.withRequests(4, 8),
            workers::view,
            meters,
            process::run,
            process.timer(),
            events::now);
    List<RecoveryKind> order = new ArrayList<>(List.of(RecoveryKind.values()));
    Collections.shuffle(order, events.random());
    workers.follow(Pools.NONE.withRecovery(WorkerHost.POOL, order));
    workers.onChange(gate::roomMayHaveCome);
    this.generations =
        new Generations(
            new Models(List.of(SimulatedModel.text())),
            workers,
            new Tenants("a secret of the simulation"),
            gate,
            TenantPolicies.NONE,
            new GenerationLimits(
                16, LIMIT, STALL_LIMIT, new RecoveryLimits(12, Duration.ofSeconds(4))),
            meters,
            process.timer(),
            events::now);
    network.listen(
        address(), process, List.of(GenerationDoor.open(generations, workers).bindService()));
  }

  String address() {
    return process + ":1";
  }

  SimulatedProcess process() {
    return process;
  }

  /** It hears that these are the members now. */
  void members(List<Member> members) {
    process.run(() -> workers.members(members));
  }

  /** Requests that run or wait. */
  int running() {
    return generations.running();
  }

  /** Adds how often requests went on after a loss, by kind. */
  void addRecoveries(Map<String, Integer> to) {
    for (Counter each : meters.find("baton.recoveries").counters()) {
      String kind = each.getId().getTag("reason") + " " + each.getId().getTag("kind");
      to.merge(kind, (int) each.count(), Integer::sum);
    }
  }

  /** What it has not given back. */
  List<String> leftovers() {
    List<String> left = new ArrayList<>();
    if (running() > 0) {
      left.add(process + " still has " + running() + " requests");
    }
    ClusterView view = workers.view();
    view.prefill().stream()
        .filter(each -> each.ownTokens() > 0)
        .forEach(each ->
            left.add("%s counts %d tokens on %s".formatted(process, each.ownTokens(), each.ref())));
    view.decode().stream()
        .filter(each -> each.ownRequests() > 0 || each.ownBlocks() > 0)
        .forEach(each ->
            left.add(
                "%s counts %d requests on %s".formatted(process, each.ownRequests(), each.ref())));
    return left;
  }

  /** What holds after each of its events. */
  void check() {
    int running = running();
    boolean becameIdle = running == 0 && ranBefore > 0;
    ranBefore = running;
    if (becameIdle) {
      leftovers().stream().findFirst().ifPresent(left -> events.fail(left, null));
      network.open().stream()
          .filter(call -> call.isBy(process) && !call.isOfStatus())
          .forEach(call -> events.fail(call + " is open, and no request", null));
    }
    if (running > network.servedLately(process, METHOD, LETTING_GO)) {
      events.fail(process + " has " + running + " requests, more than calls", null);
    }
  }

  /** What holds whenever time has passed: every request ends by its deadline. */
  void checkDeadlines() {
    long oldest = Math.max(network.oldestServed(process, METHOD), process.thawedAt());
    if (!process.isFrozen() && events.now() - oldest > LIMIT.toNanos() + LETTING_GO) {
      events.fail(process + " serves a call that began at " + oldest / 1000 + " us", null);
    }
  }
}
