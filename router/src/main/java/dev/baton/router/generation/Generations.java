package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.v1.Usage;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.tenant.Tenants;
import dev.baton.router.workers.Assignment;
import dev.baton.router.workers.Workers;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * All requests of this router, and the one way to start one. Safe for use by many threads.
 *
 * <p>Every request that is started ends with one line in the log and is counted once, whether it
 * was refused at once or served.
 */
public final class Generations implements AutoCloseable {
  private static final Duration RETRY_AFTER = Duration.ofSeconds(1);

  private final Models models;
  private final Workers workers;
  private final Tenants tenants;
  private final GenerationLimits limits;
  private final GenerationMeters meters;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanos;
  private final SecureRandom random = new SecureRandom();
  private final Settling settling;
  private final Semaphore room;
  private final Set<Generation> running = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;

  /**
   * Ready to serve.
   *
   * @param timer for deadlines and silence; stays the caller's
   * @param nanos monotonic clock, as {@link System#nanoTime()}
   */
  public Generations(
      Models models,
      Workers workers,
      Tenants tenants,
      GenerationLimits limits,
      MeterRegistry registry,
      ScheduledExecutorService timer,
      LongSupplier nanos) {
    this.models = models;
    this.workers = workers;
    this.tenants = tenants;
    this.limits = limits;
    this.meters = new GenerationMeters(registry);
    this.timer = timer;
    this.nanos = nanos;
    this.settling = new Settling(models, limits.defaultMaxTokens(), random::nextLong);
    this.room = new Semaphore(limits.maxRequests());
  }

  /** Where a request was placed, and why; empty if it is not known, or not any more. */
  public Optional<PlacementDecision> decision(String requestId) {
    return workers.decision(requestId);
  }

  /** The models that can be asked for. */
  public Models models() {
    return models;
  }

  /**
   * Starts a request. Tokenizes on the calling thread and waits for nothing; a request that cannot
   * be served fails through the listener, possibly before this returns.
   */
  public GenerationCall start(GenerationRequest request, GenerationListener listener) {
    Account account = new Account(nanos);
    meters.started();
    try (RequestScope _ = RequestScope.open(request.id())) {
      boolean taken = false;
      try {
        if (draining) {
          throw BatonException.draining();
        }
        String asked = request.asked().getRequestId();
        if (!asked.isEmpty() && !asked.equals(request.id())) {
          throw BatonException.invalid(
              "request_id", asked, "up to 64 letters, digits, '.', '_' and '-'");
        }
        taken = room.tryAcquire();
        if (!taken) {
          throw BatonException.overloaded("the router's room for requests", RETRY_AFTER);
        }
        return begin(request, listener, account);
      } catch (RuntimeException e) {
        BatonException why = BatonException.from(e);
        if (taken) {
          room.release();
        }
        over(
            request,
            account,
            new Ending(
                "settling", Optional.of(why), Usage.getDefaultInstance(), 0, Optional.empty()));
        listener.failed(why);
        return _ -> {};
      }
    }
  }

  private GenerationCall begin(
      GenerationRequest request, GenerationListener listener, Account account) {
    long start = nanos.getAsLong();
    SettledRequest settled = settling.settle(request.id(), request.asked());
    TenantSalt salt = tenants.salt(request.tenant());
    Assignment assignment =
        workers.assign(
            request.id(),
            settled.model().name(),
            settled.prompt(),
            settled.maxTokens(),
            settled.choices(),
            salt);
    account.placed();
    Duration time =
        request
            .timeLimit()
            .filter(limit -> limit.compareTo(limits.deadline()) < 0)
            .orElse(limits.deadline());
    Generation generation =
        new Generation(
            settled,
            salt,
            assignment,
            random.nextLong(),
            listener,
            account,
            new Limits(limits.stallLimit(), start + time.toNanos(), timer, nanos),
            (self, ending) -> {
              running.remove(self);
              room.release();
              over(request, account, ending);
            });
    running.add(generation);
    generation.start();
    if (draining) {
      generation.abandon(BatonException.draining());
    }
    return generation;
  }

  private void over(GenerationRequest request, Account account, Ending ending) {
    meters.over(request.door(), ending, account);
    RequestLog.over(request.id(), request.door(), account, ending);
  }

  /** Requests that run now. */
  public int running() {
    return limits.maxRequests() - room.availablePermits();
  }

  /**
   * Refuses new requests with DRAINING, gives running ones this long to end, and fails the rest.
   * Blocking, idempotent.
   */
  public void drain(Duration grace) {
    draining = true;
    boolean interrupted = false;
    try {
      if (room.tryAcquire(limits.maxRequests(), grace.toNanos(), TimeUnit.NANOSECONDS)) {
        room.release(limits.maxRequests());
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    running.forEach(each -> each.abandon(BatonException.draining()));
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** As {@link #drain} without grace. */
  @Override
  public void close() {
    drain(Duration.ZERO);
  }
}
