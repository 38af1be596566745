package dev.baton.router.admission;

import dev.baton.cluster.error.BatonException;
import dev.baton.router.admission.Decision.Admitted;
import dev.baton.router.admission.Decision.Queued;
import dev.baton.router.admission.Decision.Refused;
import dev.baton.router.placement.ClusterView;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where requests come in. Gives {@link Admission} its time, its view of the cluster, and one thread
 * at a time; tells applicants what became of them.
 *
 * <ul>
 *   <li>Nothing here waits. A request that has to wait costs no thread.
 *   <li>Waiting requests start when another ends, when its workers were chosen, or when {@link
 *       #roomMayHaveCome} was told; deadlines alone need a timer.
 *   <li>Applicants are called with no lock held. Who starts at once does so on the calling thread,
 *       others on the executor.
 *   <li>Safe for use by many threads.
 * </ul>
 */
public final class AdmissionGate {
  /** Reports of many workers that come together are looked at together. */
  private static final long REPORTS_TOGETHER = Duration.ofMillis(2).toNanos();

  private final Supplier<ClusterView> view;
  private final AdmissionMeters meters;
  private final Executor starts;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanos;
  private final AtomicBoolean lookIsDue = new AtomicBoolean();
  private final Object lock = new Object();

  // All below guarded by lock.
  private final ObservedRates rates = new ObservedRates();
  private final Admission admission;
  private final Map<Pass, Entry> waiting = new HashMap<>();
  private boolean closed;
  private long alarmAt;
  private @Nullable Future<?> alarm;

  /**
   * An open gate.
   *
   * @param view the cluster now
   * @param starts runs the start of requests that waited; may be slow, must not be bounded
   * @param timer for deadlines; stays the caller's
   * @param nanos monotonic clock, as {@link System#nanoTime()}
   */
  public AdmissionGate(
      AdmissionLimits limits,
      Supplier<ClusterView> view,
      MeterRegistry registry,
      Executor starts,
      ScheduledExecutorService timer,
      LongSupplier nanos) {
    this.view = view;
    this.starts = starts;
    this.timer = timer;
    this.nanos = nanos;
    this.admission = new Admission(limits, rates);
    this.meters =
        new AdmissionMeters(
            registry, this::queuedRequests, this::queuedTokens, this::runningRequests);
  }

  /**
   * Lets a request in. The applicant hears of its start from here, or later.
   *
   * @throws BatonException OVERLOADED with its reason if it is not let in, DRAINING if the gate is
   *     closed
   */
  public Entry enter(AdmissionRequest request, Applicant applicant) {
    Entry entry;
    boolean atOnce = false;
    List<Entry> pushedOut = new ArrayList<>();
    // Before the lock: a view waits for placements, and every token takes the lock.
    ClusterView seen = view.get();
    synchronized (lock) {
      if (closed) {
        throw BatonException.draining();
      }
      long now = nanos.getAsLong();
      switch (admission.ask(request, seen, now)) {
        case Admitted admitted -> {
          entry = new Entry(this, admitted.pass(), applicant);
          atOnce = true;
          meters.started(request.priority(), 0);
        }
        case Queued queued -> {
          entry = new Entry(this, queued.pass(), applicant);
          waiting.put(queued.pass(), entry);
          for (Pass each : queued.pushedOut()) {
            takeOut(each).ifPresent(pushedOut::add);
            meters.refused(Refusal.TENANT_QUEUE_FULL);
          }
          alarmAt(request.deadline(), now);
        }
        case Refused refused -> {
          meters.refused(refused.reason());
          throw refused.reason().exception(Duration.ofNanos(refused.retryAfter()));
        }
      }
    }
    for (Entry each : pushedOut) {
      each.applicant().refused(Refusal.TENANT_QUEUE_FULL.exception(Duration.ofSeconds(1)));
    }
    if (atOnce) {
      applicant.start(entry);
    }
    return entry;
  }

  /**
   * A worker's load changed, or workers came or went. Takes no lock: whoever tells may hold one
   * that {@link #view} waits for.
   */
  public void roomMayHaveCome() {
    if (!lookIsDue.compareAndSet(false, true)) {
      return;
    }
    try {
      var _ =
          timer.schedule(
              () -> {
                lookIsDue.set(false);
                startWhoMay();
              },
              REPORTS_TOGETHER,
              TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException stopping) {
      // Nobody starts any more.
      lookIsDue.set(false);
    }
  }

  private void startWhoMay() {
    while (somebodyWaits()) {
      Entry entry;
      ClusterView seen = view.get();
      synchronized (lock) {
        if (waiting.isEmpty()) {
          return;
        }
        long now = nanos.getAsLong();
        Optional<Entry> next = admission.next(seen, now).flatMap(this::takeOut);
        if (next.isEmpty()) {
          return;
        }
        entry = next.get();
        rates.started(entry.pass().cost(), waiting.size(), now);
        meters.started(entry.pass().request.priority(), now - entry.pass().arrivedAt);
      }
      starts.execute(() -> entry.applicant().start(entry));
    }
  }

  private boolean somebodyWaits() {
    synchronized (lock) {
      return !waiting.isEmpty();
    }
  }

  /** Under the lock. */
  private Optional<Entry> takeOut(Pass pass) {
    return Optional.ofNullable(waiting.remove(pass));
  }

  /** Under the lock. */
  private void alarmAt(long moment, long now) {
    if (alarm != null && alarmAt - moment <= 0) {
      return;
    }
    if (alarm != null) {
      alarm.cancel(false);
    }
    alarmAt = moment;
    alarm = timer.schedule(this::expire, Math.max(0, moment - now), TimeUnit.NANOSECONDS);
  }

  private void expire() {
    List<Entry> expired = new ArrayList<>();
    synchronized (lock) {
      long now = nanos.getAsLong();
      alarm = null;
      admission.expire(now).forEach(each -> takeOut(each).ifPresent(expired::add));
      admission.shortestLeft(now).ifPresent(left -> alarmAt(now + left, now));
    }
    for (Entry each : expired) {
      each.applicant().refused(BatonException.deadline("while it waited in the router's queue"));
    }
  }

  /** Lets nobody in any more, and refuses whoever waits, with DRAINING. Idempotent. */
  public void close() {
    List<Entry> out = new ArrayList<>();
    synchronized (lock) {
      closed = true;
      if (alarm != null) {
        alarm.cancel(false);
        alarm = null;
      }
      admission.empty(nanos.getAsLong()).forEach(each -> takeOut(each).ifPresent(out::add));
    }
    for (Entry each : out) {
      each.applicant().refused(BatonException.draining());
    }
  }

  boolean leave(Pass pass) {
    synchronized (lock) {
      takeOut(pass);
      if (!admission.leave(pass, nanos.getAsLong())) {
        return false;
      }
    }
    // Who stood behind it may fit where it did not.
    startWhoMay();
    return true;
  }

  void placed(Pass pass) {
    synchronized (lock) {
      admission.placed(pass);
    }
    startWhoMay();
  }

  void delivered(Pass pass, int tokens) {
    synchronized (lock) {
      admission.delivered(pass, tokens, nanos.getAsLong());
    }
  }

  void prefilled(int promptTokens, int computedTokens, Duration compute, Duration visible) {
    synchronized (lock) {
      rates.prefilled(promptTokens, computedTokens, compute, visible, nanos.getAsLong());
    }
  }

  void answered(Duration tpot) {
    synchronized (lock) {
      rates.answered(tpot, nanos.getAsLong());
    }
  }

  void end(Pass pass, boolean whole) {
    boolean first;
    synchronized (lock) {
      first = admission.end(pass, whole, nanos.getAsLong());
    }
    if (first) {
      startWhoMay();
    }
  }

  private int queuedRequests() {
    synchronized (lock) {
      return admission.queuedRequests();
    }
  }

  private long queuedTokens() {
    synchronized (lock) {
      return admission.queuedTokens();
    }
  }

  private int runningRequests() {
    synchronized (lock) {
      return admission.runningRequests();
    }
  }
}
