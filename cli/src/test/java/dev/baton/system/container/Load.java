package dev.baton.system.container;

import dev.baton.harness.chaos.ChaosClients;
import dev.baton.harness.chaos.ChaosRequest;
import dev.baton.harness.chaos.ChaosRequests;
import dev.baton.harness.chaos.Heard;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/**
 * Clients that ask a few seeded requests over and over, by gRPC and HTTP, and compare each stream,
 * token by token, with what the same cluster answered when nothing disturbed it.
 */
final class Load implements AutoCloseable {
  private static final Duration DEADLINE = Duration.ofSeconds(60);
  private static final long SEED = 5;
  private static final int REQUESTS = 6;
  private static final int CLIENTS = 2;

  /** A request, and its undisturbed stream. */
  record Reference(ChaosRequest request, Heard heard) {}

  private final List<Reference> references;
  private final ChaosClients clients;
  private final List<Thread> threads = new ArrayList<>();
  private final AtomicInteger begun = new AtomicInteger();
  private final Queue<Integer> answered = new ConcurrentLinkedQueue<>();
  private final Queue<String> differences = new ConcurrentLinkedQueue<>();
  private volatile boolean stopping;

  private Load(List<Reference> references, ChaosClients clients) {
    this.references = references;
    this.clients = clients;
  }

  /**
   * Asks every request once; under a key of its own, so that it warms no cache for what follows.
   */
  static List<Reference> undisturbed(ContainerCluster cluster) throws InterruptedException {
    try (ChaosClients clients = clients(cluster, "undisturbed")) {
      List<Reference> references = new ArrayList<>();
      for (ChaosRequest each : ChaosRequests.draw(SEED, REQUESTS)) {
        ChaosRequest request = each.undisturbed();
        references.add(new Reference(request, clients.ask(request, 0)));
      }
      return references;
    }
  }

  /** Begins to ask. */
  static Load on(ContainerCluster cluster, List<Reference> references) {
    Load load = new Load(references, clients(cluster, "load"));
    for (int i = 0; i < CLIENTS; i++) {
      load.threads.add(Thread.ofVirtual().start(load::ask));
    }
    return load;
  }

  private static ChaosClients clients(ContainerCluster cluster, String key) {
    return ChaosClients.of(List.of(cluster.grpc()), List.of(cluster.http()), DEADLINE, key);
  }

  private void ask() {
    try {
      while (!stopping) {
        int turn = begun.getAndIncrement();
        Reference reference = references.get(turn % references.size());
        Heard heard = clients.ask(reference.request(), 0);
        if (heard.ending() == reference.heard().ending()
            && heard.choices().equals(reference.heard().choices())) {
          answered.add(turn);
        } else {
          differences.add(
              "request %d: expected %s, heard %s"
                  .formatted(turn, reference.heard().choices(), heard));
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits until so many requests that begin from now on were answered as they should be. */
  void awaitServed(int requests) {
    int mark = begun.get();
    Awaitility.await("requests that are served")
        .atMost(DEADLINE)
        .until(() ->
            !differences.isEmpty()
                || answered.stream().filter(turn -> turn >= mark).count() >= requests);
    requireTheSame();
  }

  private void requireTheSame() {
    if (!differences.isEmpty()) {
      throw new AssertionError(String.join("\n", differences));
    }
  }

  /** Lets what runs end, and looks at all of it. */
  @Override
  public void close() {
    stopping = true;
    try {
      for (Thread each : threads) {
        each.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    clients.close();
    requireTheSame();
  }
}
