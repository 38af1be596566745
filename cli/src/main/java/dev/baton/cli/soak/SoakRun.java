package dev.baton.cli.soak;

import dev.baton.cli.local.ClusterEndpoints;
import dev.baton.cli.local.Gauges;
import dev.baton.cli.process.ReadyLine;
import dev.baton.cli.soak.SoakRequests.Drawn;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The loop of a soak, for one thread. First some requests have the idle cluster to themselves:
 * their tokens are the reference. Then rounds, each of which sends drawn requests at the plan's
 * rate, the references among them, waits for all of them, and then looks at the cluster at rest:
 * every gauge is zero, and every process's footprint is noted.
 */
final class SoakRun {
  private static final int REFERENCES = 6;

  /** One request in so many is a reference. */
  private static final int REFERENCE_EVERY = 5;

  private final SoakPlan plan;
  private final ClusterEndpoints cluster;
  private final SoakClient client;
  private final Gauges gauges;
  private final SoakTally tally;
  private final Consumer<String> progress;
  private final SoakRequests requests;
  private final Map<Drawn, List<List<Integer>>> references = new LinkedHashMap<>();
  private final Map<ReadyLine, Growth> growth = new LinkedHashMap<>();
  private final long start = System.nanoTime();
  private int rounds;
  private long sent;

  /**
   * A soak of a cluster that is up.
   *
   * @param progress hears in one line where it is, often
   */
  SoakRun(
      SoakPlan plan,
      ClusterEndpoints cluster,
      SoakClient client,
      Gauges gauges,
      SoakTally tally,
      Consumer<String> progress) {
    this.plan = plan;
    this.cluster = cluster;
    this.client = client;
    this.gauges = gauges;
    this.tally = tally;
    this.progress = progress;
    this.requests = new SoakRequests(new SplittableRandom(plan.seed()));
    Stream.of(List.of(cluster.zooKeeper(), cluster.router()), cluster.workers())
        .flatMap(List::stream)
        .forEach(process -> growth.put(process, new Growth()));
  }

  /** Soaks for as long as the plan says, and one round at least. */
  SoakReport run() throws InterruptedException {
    progress.accept("taking the references");
    takeReferences();
    do {
      rounds++;
      round();
      lookAtRest();
    } while (elapsed() < seconds(plan.duration()));
    growth.forEach(this::judge);
    return new SoakReport(plan, cluster, elapsed(), rounds, sent, tally.counts(), growth);
  }

  private void takeReferences() throws InterruptedException {
    while (references.size() < REFERENCES) {
      Drawn drawn = requests.next();
      Optional<List<List<Integer>>> tokens = client.tokens(drawn.request());
      if (tokens.isEmpty()) {
        return; // counted as a violation: without references the soak goes on, and fails
      }
      references.put(drawn, tokens.get());
    }
  }

  private void round() throws InterruptedException {
    double end = Math.min(elapsed() + seconds(plan.round()), seconds(plan.duration()));
    double next = elapsed();
    Semaphore room = new Semaphore(plan.clients());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      do {
        room.acquire();
        Request request = next();
        threads.execute(() -> run(request, room));
        sent++;
        progress.accept(line());
        next = Math.max(next + 1 / plan.rate(), elapsed());
        Thread.sleep(Duration.ofNanos((long) (Math.max(0, next - elapsed()) * 1e9)));
      } while (elapsed() < end);
    }
  }

  private void run(Request request, Semaphore room) {
    try {
      request.run();
    } catch (InterruptedException stopped) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException fault) {
      tally.violation("a client failed: " + fault);
    } finally {
      room.release();
    }
  }

  private Request next() {
    if (sent % REFERENCE_EVERY != 0 || references.isEmpty()) {
      Drawn drawn = requests.next();
      return () -> client.run(drawn);
    }
    List<Drawn> all = List.copyOf(references.keySet());
    Drawn reference = all.get((int) (sent / REFERENCE_EVERY % all.size()));
    return () -> compare(reference);
  }

  private void compare(Drawn reference) throws InterruptedException {
    Optional<List<List<Integer>>> tokens = client.tokens(reference.request());
    if (tokens.isPresent()) {
      tally.referenceChecked();
      if (!tokens.get().equals(references.get(reference))) {
        tally.violation(
            "round %d: seed %d gave other tokens than before: %s, before %s"
                .formatted(
                    rounds,
                    reference.sampling().seed().orElse(0),
                    tokens.get(),
                    references.get(reference)));
      }
    }
  }

  private void lookAtRest() throws InterruptedException {
    gauges
        .awaitRest(plan.restLimit())
        .forEach(held -> tally.violation("round %d: not at rest: %s".formatted(rounds, held)));
    for (Map.Entry<ReadyLine, Growth> each : growth.entrySet()) {
      try {
        each.getValue().add(Footprint.of(each.getKey().pid(), elapsed()));
      } catch (IOException gone) {
        tally.violation("round %d: %s is gone".formatted(rounds, each.getKey().id()));
      }
    }
  }

  private void judge(ReadyLine process, Growth grown) {
    List<String> found = new ArrayList<>();
    grown
        .afterWarmUp(Footprint::rss)
        .filter(bytes -> bytes > plan.rssGrowth())
        .ifPresent(bytes -> found.add("memory grew by %d MiB".formatted(bytes >> 20)));
    grown
        .afterWarmUp(Footprint::files)
        .filter(files -> files > SoakPlan.FILE_GROWTH)
        .ifPresent(files -> found.add("open files grew by " + files));
    found.forEach(what -> tally.violation(process.id() + ": " + what));
  }

  private String line() {
    SoakTally.Counts counts = tally.counts();
    return "round %d: %d sent, %d answered, %d left, %d references, %d violations; %d s to go"
        .formatted(
            rounds,
            sent,
            counts.completed(),
            counts.left(),
            counts.referencesChecked(),
            counts.violations(),
            Math.max(0, (long) (seconds(plan.duration()) - elapsed())));
  }

  private double elapsed() {
    return (System.nanoTime() - start) / 1e9;
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /** What one client does. */
  private interface Request {
    void run() throws InterruptedException;
  }
}
