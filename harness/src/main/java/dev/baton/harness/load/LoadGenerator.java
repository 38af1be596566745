package dev.baton.harness.load;

import dev.baton.harness.workload.Arrivals;
import dev.baton.harness.workload.PlannedRequest;
import dev.baton.harness.workload.PromptText;
import dev.baton.harness.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends a workload and observes every answer.
 *
 * <ul>
 *   <li>Open loop: a request is sent when it is due, whatever became of those before it. What the
 *       server does, stalling included, moves no due time; latencies count from the due time too,
 *       so that a server which holds the generator up cannot hide it (no coordinated omission).
 *   <li>Closed loop: a request is due when one of the users is free.
 *   <li>One thread sends; answers are observed on the target's threads.
 * </ul>
 *
 * <p>For one run; {@link #progress} may be called from any thread meanwhile.
 */
public final class LoadGenerator {
  private final Target target;
  private final PromptText text;
  private final Workload workload;
  private final Duration sendFor;
  private final Pace pace;
  private final Queue<Exchange> over = new ConcurrentLinkedQueue<>();
  private final AtomicInteger sent = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final Semaphore answered = new Semaphore(0);
  private final Semaphore users;

  /**
   * A run yet to start.
   *
   * @param sendFor a closed loop sends nothing after this
   */
  public LoadGenerator(Target target, PromptText text, Workload workload, Duration sendFor) {
    this(target, text, workload, sendFor, Pace.system());
  }

  LoadGenerator(Target target, PromptText text, Workload workload, Duration sendFor, Pace pace) {
    this.target = target;
    this.text = text;
    this.workload = workload;
    this.sendFor = sendFor;
    this.pace = pace;
    this.users =
        new Semaphore(
            switch (workload.arrivals()) {
              case Arrivals.ClosedLoop loop -> loop.concurrency();
              case Arrivals.Poisson _, Arrivals.Steady _, Arrivals.Recorded _ -> 0;
            });
  }

  /**
   * How far a run is.
   *
   * @param planned requests in all
   * @param sent those sent
   * @param completed those answered
   * @param failed those that failed
   */
  public record Progress(int planned, int sent, int completed, int failed) {
    /** Those under way. */
    public int active() {
      return sent - completed - failed;
    }
  }

  /** How far it is now. */
  public Progress progress() {
    int bad = failed.get();
    int all = ended.get();
    return new Progress(
        workload.requests().size(), Math.max(sent.get(), all), Math.max(0, all - bad), bad);
  }

  /** Sends everything and returns when everything has ended. */
  public Run run() throws InterruptedException {
    long cpu = CpuClock.nanos();
    boolean closed = workload.arrivals() instanceof Arrivals.ClosedLoop;
    for (PlannedRequest request : workload.requests()) {
      Target.Prepared prepared =
          target.prepare(new Ask(text.of(request.prompt()), request.outputTokens()));
      if (closed) {
        users.acquire();
        if (pace.now() >= sendFor.toNanos()) {
          break;
        }
      } else {
        pace.until(request.atNanos());
      }
      send(request, prepared, closed);
    }
    answered.acquire(sent.get());
    long wall = pace.now();
    return new Run(new ArrayList<>(over), wall, CpuClock.nanos() - cpu);
  }

  private void send(PlannedRequest request, Target.Prepared prepared, boolean closed) {
    long now = pace.now();
    Observation observation =
        new Observation(request, closed ? now : request.atNanos(), now, pace::now, this::ended);
    sent.incrementAndGet();
    prepared.send(observation);
  }

  private void ended(Exchange exchange) {
    over.add(exchange);
    if (!exchange.completed()) {
      failed.incrementAndGet();
    }
    ended.incrementAndGet();
    users.release();
    answered.release();
  }

  /**
   * A run that is over.
   *
   * @param exchanges in order of their ends
   * @param nanos from its start to the end of the last request
   * @param cpuNanos CPU time of this process meanwhile
   */
  public record Run(List<Exchange> exchanges, long nanos, long cpuNanos) {
    /** Copies the list. */
    public Run {
      exchanges = List.copyOf(exchanges);
    }
  }
}
