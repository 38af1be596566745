package dev.baton.router.generation;

import dev.baton.cluster.drain.Draining;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.cluster.process.RequestScope;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.v1.Usage;
import dev.baton.router.admission.AdmissionGate;
import dev.baton.router.admission.AdmissionRequest;
import dev.baton.router.admission.Entry;
import dev.baton.router.admission.Payer;
import dev.baton.router.admission.Priority;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.placement.Among;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementRequest;
import dev.baton.router.tenant.Tenant;
import dev.baton.router.tenant.Tenants;
import dev.baton.router.workers.Assignment;
import dev.baton.router.workers.Fleet;
import dev.baton.router.workers.Workers;
import io.micrometer.core.instrument.MeterRegistry;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All requests of this router, and the one way to start one. Safe for use by many threads.
 *
 * <p>Every request that is started ends with one line in the log and is counted once, whether it
 * was refused at once or served.
 */
public final class Generations implements Draining, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Generations.class);

  private final Models models;
  private final Workers workers;
  private final Tenants tenants;
  private final AdmissionGate gate;
  private final TenantPolicies policies;
  private final GenerationLimits limits;
  private final GenerationMeters meters;
  private final RecoveryMeters recoveryMeters;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanos;
  private final SecureRandom random = new SecureRandom();
  private final Settling settling;
  private final AtomicInteger active = new AtomicInteger();
  private final Object quiet = new Object();
  private final Set<Generation> running = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;
  private volatile boolean givenBack;

  /**
   * Ready to serve.
   *
   * @param gate lets requests in; closed by this
   * @param policies what each tenant is granted
   * @param timer for deadlines and silence; stays the caller's
   * @param nanos monotonic clock, as {@link System#nanoTime()}
   */
  public Generations(
      Models models,
      Workers workers,
      Tenants tenants,
      AdmissionGate gate,
      TenantPolicies policies,
      GenerationLimits limits,
      MeterRegistry registry,
      ScheduledExecutorService timer,
      LongSupplier nanos) {
    this.models = models;
    this.workers = workers;
    this.tenants = tenants;
    this.gate = gate;
    this.policies = policies;
    this.limits = limits;
    this.meters = new GenerationMeters(registry);
    this.recoveryMeters = new RecoveryMeters(registry);
    this.timer = timer;
    this.nanos = nanos;
    this.settling = new Settling(models, limits.defaultMaxTokens(), random::nextLong);
  }

  /**
   * Where a request of this tenant was placed, and why; empty if it is not known, not any more, or
   * another's.
   */
  public Optional<PlacementDecision> decision(Tenant tenant, String requestId) {
    return workers.decision(tenants.salt(tenant), requestId);
  }

  /** What the workers that serve a model cost and take together. */
  public Fleet fleet(String model) {
    return workers.fleet(model);
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
    active.incrementAndGet();
    try (RequestScope _ = RequestScope.open(request.id())) {
      try {
        if (draining) {
          throw BatonException.draining();
        }
        String asked = request.asked().getRequestId();
        if (!asked.isEmpty() && !asked.equals(request.id())) {
          throw BatonException.invalid(
              "request_id", asked, "up to 64 letters, digits, '.', '_' and '-'");
        }
        return ask(request, listener, account);
      } catch (RuntimeException e) {
        notStarted("settling", BatonException.from(e), request, listener, account);
        return _ -> {};
      }
    }
  }

  private GenerationCall ask(
      GenerationRequest request, GenerationListener listener, Account account) {
    long start = nanos.getAsLong();
    SettledRequest settled = settling.settle(request.id(), request.asked());
    Payer payer = policies.of(request.tenant());
    Priority most = payer.policy().maxPriority();
    if (settled.priority().compareTo(most) > 0) {
      throw BatonException.invalid(
          "priority", settled.priority().label(), "at most " + most.label() + " for this tenant");
    }
    Duration time =
        request
            .timeLimit()
            .filter(limit -> limit.compareTo(limits.deadline()) < 0)
            .orElse(limits.deadline());
    long deadline = start + time.toNanos();
    Arrival arrival =
        new Arrival(
            request.id(),
            entry -> begin(request, settled, deadline, entry, listener, account),
            why -> notStarted("queued", why, request, listener, account));
    arrival.entered(
        gate.enter(
            new AdmissionRequest(
                payer,
                settled.priority(),
                new PlacementRequest(
                    settled.model().name(),
                    settled.prompt().length,
                    settled.maxTokens(),
                    settled.choices(),
                    Map.of()),
                deadline),
            arrival));
    return arrival;
  }

  private Generation begin(
      GenerationRequest request,
      SettledRequest settled,
      long deadline,
      Entry entry,
      GenerationListener listener,
      Account account) {
    account.admitted();
    TenantSalt salt = tenants.salt(request.tenant());
    Recovery.Assigner assigner =
        new Recovery.Assigner() {
          @Override
          public Assignment assign(Part part, Among among) {
            return workers.assign(
                request.id(),
                settled.model().name(),
                part.prompt(),
                part.maxTokens(),
                part.count(),
                salt,
                among);
          }

          @Override
          public List<RecoveryKind> order(String pool) {
            return workers.recoveryOrder(pool);
          }
        };
    Answers answers = new Answers(settled, listener);
    List<Part> parts = answers.rest(Part.whole(settled));
    Optional<Assignment> assignment =
        parts.stream().findFirst().map(part -> assigner.assign(part, Among.ANYBODY));
    entry.placed();
    Generation generation =
        new Generation(
            settled,
            salt,
            answers,
            parts,
            assignment,
            assigner,
            random::nextLong,
            entry,
            listener,
            account,
            new Limits(limits.stallLimit(), limits.recovery(), deadline, timer, nanos),
            recoveryMeters,
            (self, ending) -> {
              running.remove(self);
              boolean whole = ending.error().isEmpty();
              if (whole) {
                account.tpot(ending.longestChoice()).ifPresent(entry::answered);
              }
              entry.end(whole);
              over(request, account, ending);
            });
    running.add(generation);
    generation.start();
    // One that began as the router began to drain may end, unless all others were given back.
    if (givenBack) {
      generation.abandon(BatonException.draining());
    }
    return generation;
  }

  private void notStarted(
      String phase,
      BatonException why,
      GenerationRequest request,
      GenerationListener listener,
      Account account) {
    over(
        request,
        account,
        new Ending(phase, Optional.of(why), Usage.getDefaultInstance(), 0, 0, Optional.empty()));
    listener.failed(why);
  }

  private void over(GenerationRequest request, Account account, Ending ending) {
    meters.over(request.door(), ending, account);
    RequestLog.over(request.id(), request.door(), account, ending);
    if (active.decrementAndGet() == 0) {
      synchronized (quiet) {
        quiet.notifyAll();
      }
    }
  }

  /** Requests that run or wait now. */
  public int running() {
    return active.get();
  }

  @Override
  public boolean isDraining() {
    return draining;
  }

  /** Also those that wait are refused. */
  @Override
  public void refuseNew() {
    draining = true;
    gate.close();
  }

  @Override
  public int requests() {
    return running();
  }

  /**
   * A client that goes elsewhere costs more than one that waits, so that none is sent away before
   * the limit.
   */
  @Override
  public int handBack(Duration left) {
    if (!left.isZero()) {
      return 0;
    }
    givenBack = true;
    Set<Generation> going = Set.copyOf(running);
    going.forEach(each -> each.abandon(BatonException.draining()));
    return going.size();
  }

  @Override
  public boolean awaitNone(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    synchronized (quiet) {
      try {
        while (active.get() > 0) {
          long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
          if (left <= 0) {
            return false;
          }
          quiet.wait(left);
        }
        return true;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
  }

  /** Refuses new requests, and gives all others back. Idempotent. */
  @Override
  public void close() {
    refuseNew();
    int left = handBack(Duration.ZERO);
    LOG.debug("{} requests were still here", left);
  }
}
