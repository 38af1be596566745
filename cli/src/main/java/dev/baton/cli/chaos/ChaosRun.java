package dev.baton.cli.chaos;

import dev.baton.cli.local.Gauges;
import dev.baton.cli.shell.Failure;
import dev.baton.harness.chaos.ChaosClients;
import dev.baton.harness.chaos.ChaosLoad;
import dev.baton.harness.chaos.ChaosReport;
import dev.baton.harness.chaos.ChaosReport.AtRest;
import dev.baton.harness.chaos.ChaosRequests;
import dev.baton.harness.chaos.ChaosTally;
import dev.baton.harness.chaos.Downtimes;
import dev.baton.harness.chaos.Fault;
import dev.baton.harness.chaos.FaultProxy;
import dev.baton.harness.chaos.FaultSchedule;
import dev.baton.harness.chaos.Judge;
import dev.baton.harness.chaos.LoadGate;
import dev.baton.harness.chaos.Outcome;
import dev.baton.harness.chaos.RecoveryTimes;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The course of a chaos run, for one thread: every request undisturbed, under a tenant of its own
 * so that no cache is warmed; then all of them again while faults happen; then a look at the
 * cluster at rest.
 */
final class ChaosRun {
  private static final Duration TICK = Duration.ofMillis(500);
  private static final String UNDISTURBED = "undisturbed";
  private static final String DISTURBED = "disturbed";

  private final ChaosPlan plan;
  private final ChaosCluster cluster;
  private final FaultSchedule schedule;
  private final Consumer<String> progress;
  private final Downtimes downtimes;
  private final ChaosTally tally = new ChaosTally();
  private final RecoveryTimes recoveries = new RecoveryTimes();
  private final LoadGate gate;

  /**
   * A run on a cluster that is up.
   *
   * @param progress hears in one line where it is, often
   */
  ChaosRun(
      ChaosPlan plan, ChaosCluster cluster, FaultSchedule schedule, Consumer<String> progress) {
    this.plan = plan;
    this.cluster = cluster;
    this.schedule = schedule;
    this.progress = progress;
    this.downtimes = new Downtimes(plan.shape());
    this.gate = new LoadGate(schedule, plan.atOnce());
  }

  /**
   * Runs it.
   *
   * @throws Failure when the cluster does not even answer undisturbed
   */
  ChaosReport run() throws InterruptedException {
    ChaosLoad load =
        new ChaosLoad(ChaosRequests.draw(plan.seed(), plan.faults().requests()), plan.clients());
    progress.accept("asking %d requests undisturbed".formatted(plan.faults().requests()));
    try (ChaosClients clients = clients(UNDISTURBED)) {
      Optional<String> failure = load.takeReferences(clients);
      if (failure.isPresent()) {
        throw new Failure("there is nothing to compare with: " + failure.get());
      }
    }
    long start = System.nanoTime();
    try (Membership membership = new Membership(cluster.grpc(), downtimes)) {
      FaultInjection injection =
          new FaultInjection(
              cluster,
              schedule,
              plan.faults().sparesTheLast(),
              downtimes,
              membership,
              gate,
              recoveries);
      Thread watching = Thread.ofVirtual().name("watch").start(() -> watch(injection));
      Thread injecting = Thread.ofVirtual().name("faults").start(() -> inject(injection));
      try (ChaosClients clients = clients(DISTURBED)) {
        load.run(clients, new Judge(downtimes), gate, tally, recoveries);
        injecting.join();
      } finally {
        watching.interrupt();
        injecting.interrupt();
      }
      progress.accept("waiting for the cluster to come to rest");
      AtRest atRest = lookAtRest(injection.missing());
      List<FaultProxy> proxies = cluster.kvProxies();
      return new ChaosReport(
          plan.seed(),
          plan.engine().name().toLowerCase(Locale.ROOT),
          plan.shape(),
          (System.nanoTime() - start) / 1e9,
          plan.faults().requests(),
          injection.begun(),
          tally.counts(),
          recoveries.millis(),
          atRest,
          proxies.stream().mapToLong(FaultProxy::frames).sum(),
          proxies.stream().mapToLong(FaultProxy::flipped).sum());
    }
  }

  private ChaosClients clients(String tenant) {
    return ChaosClients.of(cluster.grpc(), cluster.http(), plan.deadline(), tenant);
  }

  private static void inject(FaultInjection injection) {
    try {
      injection.run();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    }
  }

  private AtRest lookAtRest(List<String> missing) throws InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      List<String> held = new Gauges(http, cluster.admins()).awaitRest(plan.restLimit());
      return new AtRest(Gauges.usedBlocks(held), held, missing);
    }
  }

  private void watch(FaultInjection injection) {
    try {
      while (!Thread.interrupted()) {
        progress.accept(line(injection.begun()));
        Thread.sleep(TICK);
      }
    } catch (InterruptedException over) {
      Thread.currentThread().interrupt();
    }
  }

  private String line(List<Fault> begun) {
    ChaosTally.Counts counts = tally.counts();
    long failed = counts.of(Outcome.FAILED_ALLOWED) + counts.of(Outcome.FAILED_UNEXPECTEDLY);
    return "%d/%d requests, %d/%d faults%s: %d lost, %d hung, %d duplicated, %d divergent, %d failed (%d allowed)"
        .formatted(
            gate.begun(),
            plan.faults().requests(),
            begun.size(),
            schedule.faults().size(),
            begun.isEmpty() ? "" : " (" + begun.getLast() + ")",
            counts.of(Outcome.LOST),
            counts.of(Outcome.HUNG),
            counts.of(Outcome.DUPLICATED),
            counts.of(Outcome.DIVERGENT),
            failed,
            counts.of(Outcome.FAILED_ALLOWED));
  }
}
