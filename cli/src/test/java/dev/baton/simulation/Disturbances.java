package dev.baton.simulation;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** What fails in a cluster, by chance. */
final class Disturbances {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final Events events;
  private final SimulatedCluster cluster;
  private final Network network;
  private final Consumer<String> count;

  /** {@code count} hears what it was, each time. */
  Disturbances(Events events, SimulatedCluster cluster, Consumer<String> count) {
    this.events = events;
    this.cluster = cluster;
    this.network = cluster.network();
    this.count = count;
  }

  /** Something fails. */
  void strike() {
    switch (events.random().nextInt(11)) {
      case 0, 1 -> killWorker();
      case 2, 3 -> freezeWorker();
      case 4, 5 -> breakCall();
      case 6 -> partition();
      case 7 -> killRouter();
      case 8 -> freezeRouter();
      case 9 -> beSlow();
      default -> breakCallsOf(events.any(cluster.workers()).process());
    }
  }

  private void killWorker() {
    WorkerHost worker = events.any(cluster.workers());
    if (!worker.process().isDead()) {
      count.accept("killed worker");
      events.note(() -> worker + " is killed");
      cluster.kill(worker, events.some(3 * SECOND));
    }
  }

  private void killRouter() {
    RouterHost router = events.any(cluster.routers());
    if (!router.process().isDead()) {
      count.accept("killed router");
      events.note(() -> router.process() + " is killed");
      cluster.kill(router, events.some(2 * SECOND));
    }
  }

  private void freezeWorker() {
    WorkerHost worker = events.any(cluster.workers());
    if (!worker.process().isDead() && !worker.process().isFrozen()) {
      long nanos = events.some(events.chance(50) ? SECOND / 2 : 4 * SECOND);
      count.accept(cluster.freeze(worker, nanos) ? "fenced worker" : "frozen worker");
    }
  }

  private void freezeRouter() {
    SimulatedProcess router = events.any(cluster.routers()).process();
    if (!router.isDead() && !router.isFrozen()) {
      count.accept("frozen router");
      cluster.freeze(router, events.some(2 * SECOND));
    }
  }

  private void beSlow() {
    count.accept("slow network");
    events.note(() -> "messages are late");
    network.beSlow(events.some(2 * SECOND));
  }

  private void breakCall() {
    List<SimulatedCall<?, ?>> open = network.open();
    if (!open.isEmpty()) {
      count.accept("broken call");
      events.any(open).breakOff();
    }
  }

  private void breakCallsOf(SimulatedProcess process) {
    count.accept("broken connections");
    events.note(() -> "the connections of " + process + " break");
    network.open().stream().filter(call -> call.isOf(process)).forEach(SimulatedCall::breakOff);
  }

  private void partition() {
    List<SimulatedProcess> all = new ArrayList<>();
    cluster.routers().forEach(each -> all.add(each.process()));
    cluster.workers().forEach(each -> all.add(each.process()));
    SimulatedProcess one = events.any(all);
    SimulatedProcess other = events.any(all);
    count.accept("partition");
    events.note(() -> one + " and " + other + " do not reach each other");
    network.partition(one, other);
    events.at(events.now() + events.some(3 * SECOND), () -> network.heal(one, other));
  }
}
