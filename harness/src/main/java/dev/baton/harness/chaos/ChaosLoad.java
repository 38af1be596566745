package dev.baton.harness.chaos;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * The requests of a chaos run: first each one undisturbed, then all of them while faults happen.
 * For one thread; its calls block.
 */
public final class ChaosLoad {
  private static final Duration BEFORE_ASKING_ELSEWHERE = Duration.ofMillis(100);

  private final List<ChaosRequest> requests;
  private final int atOnce;
  private final Map<Integer, Heard> references = new ConcurrentHashMap<>();

  /**
   * Of these requests.
   *
   * @param atOnce most requests under way
   */
  public ChaosLoad(List<ChaosRequest> requests, int atOnce) {
    this.requests = List.copyOf(requests);
    this.atOnce = atOnce;
  }

  /**
   * Hears each request undisturbed. Returns what went wrong with the first that did not complete:
   * then there is nothing to compare with.
   */
  public Optional<String> takeReferences(ChaosClients clients) throws InterruptedException {
    Map<Integer, String> failures = new ConcurrentHashMap<>();
    each(
        () -> {},
        request -> {
          Heard heard = clients.ask(request.undisturbed(), request.router() % clients.routers());
          references.put(request.number(), heard);
          if (heard.ending() != Heard.Ending.COMPLETED) {
            failures.put(request.number(), heard.ending() + " " + heard.failure());
          }
        });
    return failures.entrySet().stream()
        .findFirst()
        .map(each -> "request " + each.getKey() + ", undisturbed: " + each.getValue());
  }

  /** Asks everything, in step with the faults. */
  public void run(
      ChaosClients clients, Judge judge, LoadGate gate, ChaosTally tally, RecoveryTimes recoveries)
      throws InterruptedException {
    each(
        gate::begin,
        request -> {
          Thread.sleep(request.pause());
          ask(request, clients, judge, tally, recoveries);
        });
  }

  private void ask(
      ChaosRequest request,
      ChaosClients clients,
      Judge judge,
      ChaosTally tally,
      RecoveryTimes recoveries)
      throws InterruptedException {
    Heard reference = references.get(request.number());
    if (reference == null) {
      throw new IllegalStateException("request " + request.number() + " was not asked undisturbed");
    }
    // A client tries every router twice before it gives up.
    int turnsLeft = 2 * clients.routers();
    for (int router = request.router() % clients.routers();
        ;
        router = (router + 1) % clients.routers()) {
      Heard heard = clients.ask(request, router);
      turnsLeft--;
      if (turnsLeft > 0 && judge.foundNobody(heard, router)) {
        tally.askedElsewhere();
        Thread.sleep(BEFORE_ASKING_ELSEWHERE);
        continue;
      }
      Judgement judgement = judge.judge(request, reference, heard, router);
      tally.over(request, heard, judgement);
      recoveries.over(heard);
      if (turnsLeft <= 0 || !Judge.asksAgain(request, judgement)) {
        return;
      }
    }
  }

  /** What is done before a request, and with it. */
  @FunctionalInterface
  private interface Turn {
    void await() throws InterruptedException;
  }

  @FunctionalInterface
  private interface Act {
    void on(ChaosRequest request) throws InterruptedException;
  }

  /** Does it with each, so many at once; when it returns, all is done. */
  private void each(Turn turn, Act act) throws InterruptedException {
    Semaphore room = new Semaphore(atOnce);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (ChaosRequest request : requests) {
        room.acquire();
        turn.await();
        threads.execute(() -> {
          try {
            act.on(request);
          } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
          } finally {
            room.release();
          }
        });
      }
    }
  }
}
