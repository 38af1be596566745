package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.kv.Lineage;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.router.placement.Among;
import dev.baton.router.placement.WorkerRef;
import dev.baton.router.workers.Assignment;
import io.grpc.SynchronizationContext;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds workers for choices that are without, for one request.
 *
 * <ul>
 *   <li>In the pool's order of {@link RecoveryKind}, at once where somebody is left who did not
 *       fail this request. Else it waits, longer each time, and then takes also those who failed
 *       it.
 *   <li>Only workers of one lineage go on with what was begun: others would write other tokens.
 *   <li>Everything happens inside the request's serial context.
 * </ul>
 */
final class Recovery {
  private static final long FIRST_PAUSE = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long LONGEST_PAUSE = TimeUnit.SECONDS.toNanos(2);

  /** Gives a part its workers. */
  interface Assigner {
    /**
     * Workers among these.
     *
     * @throws BatonException if there are none
     */
    Assignment assign(Part part, Among among);

    /** The order in which requests go on whose answer this pool wrote, or was to. */
    List<RecoveryKind> order(String pool);
  }

  /** Hears how a search ends. */
  interface Owner {
    /** Workers were found; they are the owner's to close. */
    void found(Search search, Assignment assignment);

    /** Nobody goes on with it. */
    void hopeless(Search search, BatonException why);
  }

  /** A search that waits. */
  private static final class Waiting {
    private final long since;
    private int looks;
    private SynchronizationContext.@Nullable ScheduledHandle timer;

    private Waiting(long since) {
      this.since = since;
    }
  }

  private final Assigner assigner;
  private final Limits limits;
  private final SynchronizationContext serial;
  private final Owner owner;
  private final Set<WorkerRef> failed = new HashSet<>();
  private final Map<Search, Waiting> waiting = new LinkedHashMap<>();
  private Optional<Lineage> lineage = Optional.empty();

  Recovery(Assigner assigner, Limits limits, SynchronizationContext serial, Owner owner) {
    this.assigner = assigner;
    this.limits = limits;
    this.serial = serial;
    this.owner = owner;
  }

  /** From now on only workers of this lineage are taken. */
  void keepTo(Lineage begun) {
    lineage = Optional.of(begun);
  }

  /** This worker failed the request. */
  void failed(WorkerRef worker) {
    failed.add(worker);
  }

  /** Whether some search waits. */
  boolean isSeeking() {
    return !waiting.isEmpty();
  }

  /** Finds workers, now or later. */
  void seek(Search search) {
    Optional<BatonException> why = search.loss().map(Loss::why);
    if (why.isPresent()
        && (!why.get().isRetryable() || search.attempts() >= limits.recovery().maxAttempts())) {
      owner.hopeless(search, why.get());
      return;
    }
    look(search, new Waiting(limits.nanos().getAsLong()));
  }

  private void look(Search search, Waiting wait) {
    Among all = lineage.map(Among::of).orElse(Among.ANYBODY);
    List<RecoveryKind> order = search.pool().map(assigner::order).orElse(List.of());
    if (search.loss().isPresent() && search.preferences(order, all).isEmpty()) {
      // The pool's order has nothing for a loss of this kind.
      waiting.remove(search);
      owner.hopeless(search, search.loss().get().why());
      return;
    }
    BatonException refusal;
    try {
      found(search, assign(search, order, all.without(failed)));
      return;
    } catch (BatonException e) {
      refusal = e;
    }
    if (wait.looks > 0 && !failed.isEmpty()) {
      try {
        found(search, assign(search, order, all));
        return;
      } catch (BatonException e) {
        refusal = e;
      }
    }
    lookLater(search, wait, refusal);
  }

  private Assignment assign(Search search, List<RecoveryKind> order, Among all) {
    @Nullable BatonException refusal = null;
    for (Among each : search.preferences(order, all)) {
      try {
        return assigner.assign(search.part(), each);
      } catch (BatonException e) {
        refusal = e;
      }
    }
    throw refusal == null ? new IllegalStateException("there is no preference") : refusal;
  }

  private void found(Search search, Assignment assignment) {
    waiting.remove(search);
    owner.found(search, assignment);
  }

  private void lookLater(Search search, Waiting wait, BatonException refusal) {
    Optional<BatonException> why = search.loss().map(Loss::why);
    boolean nothingToLose = search.part().delivered().length == 0;
    boolean full = why.filter(each -> each.code() == ErrorCode.ERROR_CODE_OVERLOADED).isPresent();
    if (nothingToLose && full) {
      // Everybody is full: that is for the client to know, while it can still go elsewhere.
      waiting.remove(search);
      owner.hopeless(search, why.get());
      return;
    }
    long left = wait.since + limits.recovery().patience().toNanos() - limits.nanos().getAsLong();
    if (left <= 0) {
      waiting.remove(search);
      owner.hopeless(search, refusal);
      return;
    }
    waiting.put(search, wait);
    // Attempts at who is gone for good fail at once: these count, too.
    int pauses = wait.looks + Math.max(0, search.attempts() - 1);
    long pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE << Math.min(pauses, 10));
    wait.looks++;
    wait.timer =
        serial.schedule(
            () -> {
              if (waiting.get(search) == wait) {
                look(search, wait);
              }
            },
            Math.min(left, pause),
            TimeUnit.NANOSECONDS,
            limits.timer());
  }

  /**
   * The KV of an orphaned leg had come in after all, or the leg is over: nobody is sought for it.
   */
  void forget(Leg orphan) {
    for (Search each : Set.copyOf(waiting.keySet())) {
      if (each.orphan().filter(leg -> leg == orphan).isPresent()) {
        forget(each);
      }
    }
  }

  /** Seeks nobody any more. */
  void stop() {
    Set.copyOf(waiting.keySet()).forEach(this::forget);
  }

  private void forget(Search search) {
    Waiting wait = waiting.remove(search);
    if (wait != null && wait.timer != null) {
      wait.timer.cancel();
    }
  }
}
