package dev.baton.router.admission;

import dev.baton.router.admission.Decision.Admitted;
import dev.baton.router.admission.Decision.Queued;
import dev.baton.router.admission.Decision.Refused;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.PlacementRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * The books of one router: who is in, who waits, who is next, what each tenant was charged.
 *
 * <ul>
 *   <li>A request that may start and has nobody before it starts at once; others wait in a {@link
 *       FairQueue}, within bounds, or are refused.
 *   <li>A request may start while fewer than {@code maxRunning} run and both stages have {@link
 *       Room}; or while nothing of its model runs here, so that no queue ever waits for an event
 *       that cannot come.
 *   <li>Who is next and finds no room keeps all others of its model waiting: a large request is not
 *       passed by small ones for ever.
 *   <li>Charged is the prompt and the expected output: rates on arrival, fairness on the start.
 *       What is delivered beyond that is charged as it comes, what was not needed is given back at
 *       the end. A request stays in the books until its end is told, however long it runs.
 * </ul>
 *
 * <p>Time is given in nanoseconds of a monotonic clock. No threads, no waiting, no clock of its
 * own; not safe for use by many threads.
 */
final class Admission {
  private static final long SHORTEST_RETRY = Duration.ofSeconds(1).toNanos();
  private static final long LONGEST_RETRY = Duration.ofMinutes(1).toNanos();

  private final AdmissionLimits limits;
  private final Prediction prediction;
  private final TenantAccounts accounts = new TenantAccounts();
  private final FairQueue<Pass> queue;
  private final Set<Pass> unplaced = new LinkedHashSet<>();
  private final Map<String, Integer> runningByModel = new HashMap<>();
  private int running;

  Admission(AdmissionLimits limits, Prediction prediction) {
    this.limits = limits;
    this.prediction = prediction;
    this.queue = new FairQueue<>(limits.aging().toNanos());
  }

  /** Lets a request in, now or later, or not at all. */
  Decision ask(AdmissionRequest request, ClusterView view, long now) {
    TenantAccount account = accounts.of(request.payer(), now);
    OptionalLong usual = account.usualOutput();
    long most = request.mostOutput();
    long expected = Math.clamp(usual.orElse(most), 1, most);
    Pass pass = new Pass(request, account, expected, now);
    long wait = account.nanosUntil(pass.tokens(), now);
    if (wait > 0) {
      return new Refused(Refusal.RATE_LIMIT, wait);
    }
    boolean atOnce = mayStart(pass, view) && nobodyWaitsBefore(pass, now);
    double ahead = atOnce ? 0 : queue.costAhead(account.lane(), request.priority(), now);
    // While nothing runs nothing is observed: a forecast of old would then refuse for ever.
    Optional<Forecast> forecast =
        isIdle(pass.model())
            ? Optional.empty()
            : prediction.forecast(request.size(), ahead, view, now);
    Optional<Refused> missed =
        forecast.flatMap(each -> missed(request, each, usual.isPresent() ? expected : 1, now));
    if (missed.isPresent()) {
      return missed.get();
    }
    if (atOnce) {
      account.enter(pass.tokens(), now);
      queue.pass(account.lane());
      start(pass);
      return new Admitted(pass);
    }
    return enqueue(pass, forecast, now);
  }

  private boolean nobodyWaitsBefore(Pass pass, long now) {
    return queue
        .first(now, each -> each.model().equals(pass.model()) && each.account.mayRun())
        .isEmpty();
  }

  private Optional<Refused> missed(
      AdmissionRequest request, Forecast forecast, long output, long now) {
    long needed = forecast.untilToken(Math.ceilDiv(output, request.size().choices()));
    if (needed > request.left(now)) {
      return Optional.of(refused(Refusal.DEADLINE_UNREACHABLE, needed - request.left(now)));
    }
    long late = limits.ttft().map(limit -> forecast.ttft() - limit.toNanos()).orElse(0L);
    if (late > 0) {
      return Optional.of(refused(Refusal.SLO_UNREACHABLE, late));
    }
    boolean slow = limits.tpot().filter(limit -> forecast.tpot() > limit.toNanos()).isPresent();
    return slow ? Optional.of(refused(Refusal.SLO_UNREACHABLE, 0)) : Optional.empty();
  }

  private static Refused refused(Refusal reason, long nanos) {
    return new Refused(reason, Math.clamp(nanos, SHORTEST_RETRY, LONGEST_RETRY));
  }

  private Decision enqueue(Pass pass, Optional<Forecast> forecast, long now) {
    TenantAccount account = pass.account;
    long untilRoom = forecast.map(Forecast::queue).orElse(0L);
    TenantPolicy policy = account.policy();
    if (account.lane().items() >= policy.maxQueued()
        || account.lane().tokens() + pass.tokens() > policy.maxQueuedTokens()) {
      return refused(Refusal.TENANT_QUEUE_FULL, untilRoom);
    }
    Optional<List<Slot<Pass>>> givingWay = makeRoomFor(pass);
    if (givingWay.isEmpty()) {
      return refused(Refusal.QUEUE_FULL, untilRoom);
    }
    account.enter(pass.tokens(), now);
    pass.slot =
        queue.add(account.lane(), pass.request.priority(), pass.tokens(), pass.cost(), pass, now);
    List<Pass> pushedOut = new ArrayList<>();
    for (Slot<Pass> each : givingWay.get()) {
      each.item.account.leave(each.item.tokens(), now);
      each.item.state = Pass.State.OVER;
      pushedOut.add(each.item);
    }
    return new Queued(pass, pushedOut);
  }

  /**
   * Takes out of the queue what has to give way; empty, and nothing taken, if that is too little.
   */
  private Optional<List<Slot<Pass>>> makeRoomFor(Pass pass) {
    List<Slot<Pass>> out = new ArrayList<>();
    while (queue.items() >= limits.maxQueued()
        || queue.tokens() + pass.tokens() > limits.maxQueuedTokens()) {
      Optional<Slot<Pass>> next =
          queue.givesWayTo(
              pass.account.lane(),
              pass.request.priority(),
              pass.tokens(),
              (double) limits.maxQueuedTokens() / Math.max(1, limits.maxQueued()));
      if (next.isEmpty()) {
        out.reversed().forEach(queue::putBack);
        return Optional.empty();
      }
      queue.remove(next.get());
      out.add(next.get());
    }
    return Optional.of(out);
  }

  /** Takes the next request out of the queue that may start now; it has started then. */
  Optional<Pass> next(ClusterView view, long now) {
    Set<String> full = new HashSet<>();
    while (running < limits.maxRunning()) {
      Optional<Slot<Pass>> first =
          queue.first(now, each -> each.account.mayRun() && !full.contains(each.model()));
      if (first.isEmpty()) {
        return Optional.empty();
      }
      Pass pass = first.get().item;
      if (mayStart(pass, view)) {
        queue.remove(first.get());
        start(pass);
        return Optional.of(pass);
      }
      full.add(pass.model());
    }
    return Optional.empty();
  }

  private boolean mayStart(Pass pass, ClusterView view) {
    if (running >= limits.maxRunning() || !pass.account.mayRun()) {
      return false;
    }
    if (isIdle(pass.model())) {
      return true;
    }
    Collection<PlacementRequest> soon =
        unplaced.stream()
            .filter(each -> each.model().equals(pass.model()))
            .map(each -> each.request.size())
            .toList();
    return Room.isThere(pass.request.size(), soon, view, limits.maxPrefillBacklog());
  }

  private boolean isIdle(String model) {
    return !runningByModel.containsKey(model);
  }

  private void start(Pass pass) {
    pass.state = Pass.State.STARTED;
    unplaced.add(pass);
    running++;
    runningByModel.merge(pass.model(), 1, Integer::sum);
    pass.account.start(pass.cost());
  }

  /** A started request has its workers: the view counts it from now on. */
  void placed(Pass pass) {
    if (pass.state == Pass.State.STARTED) {
      pass.state = Pass.State.PLACED;
      unplaced.remove(pass);
    }
  }

  /** A running request wrote so many tokens more. */
  void delivered(Pass pass, int tokens, long now) {
    if (!pass.isRunning()) {
      return;
    }
    pass.delivered += tokens;
    long more = pass.delivered - pass.charged;
    if (more > 0) {
      pass.charged += more;
      pass.account.exceed(more, now);
    }
  }

  /**
   * A started request is over: it pays for its prompt, unless it never had workers, and for what
   * was delivered. Only the first call counts.
   *
   * @param whole whether the answers came to their end
   * @return whether this was the first call
   */
  boolean end(Pass pass, boolean whole, long now) {
    if (!pass.isRunning()) {
      return false;
    }
    boolean worked = pass.state == Pass.State.PLACED;
    pass.state = Pass.State.OVER;
    unplaced.remove(pass);
    running--;
    int others = runningByModel.getOrDefault(pass.model(), 1) - 1;
    if (others == 0) {
      runningByModel.remove(pass.model());
    } else {
      runningByModel.put(pass.model(), others);
    }
    pass.account.end(worked ? 0 : pass.request.promptTokens(), pass.charged - pass.delivered, now);
    if (whole) {
      pass.account.answered(pass.delivered);
    }
    return true;
  }

  /** A waiting request leaves; false if it does not wait (any more). */
  boolean leave(Pass pass, long now) {
    if (pass.state != Pass.State.WAITING || pass.slot == null) {
      return false;
    }
    queue.remove(pass.slot);
    pass.state = Pass.State.OVER;
    pass.account.leave(pass.tokens(), now);
    return true;
  }

  /** Takes out of the queue whatever is past its deadline. */
  List<Pass> expire(long now) {
    return takeOut(queue.all(each -> each.request.left(now) <= 0), now);
  }

  /** Empties the queue. */
  List<Pass> empty(long now) {
    return takeOut(queue.all(_ -> true), now);
  }

  private List<Pass> takeOut(Collection<Slot<Pass>> slots, long now) {
    List<Pass> out = slots.stream().map(slot -> slot.item).toList();
    out.forEach(each -> leave(each, now));
    return out;
  }

  /** The shortest time that a waiting request has left; empty if none waits. */
  OptionalLong shortestLeft(long now) {
    return queue.all(_ -> true).stream().mapToLong(slot -> slot.item.request.left(now)).min();
  }

  int queuedRequests() {
    return queue.items();
  }

  long queuedTokens() {
    return queue.tokens();
  }

  int runningRequests() {
    return running;
  }

  /** Accounts in the books. */
  int accounts() {
    return accounts.size();
  }
}
