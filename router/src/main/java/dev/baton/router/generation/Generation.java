package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.cluster.process.RequestScope;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.internal.v1.ChoiceFinished;
import dev.baton.proto.internal.v1.DecodedTokens;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Usage;
import dev.baton.router.admission.Entry;
import dev.baton.router.placement.PlacementDecision.Predicted;
import dev.baton.router.workers.Assignment;
import io.grpc.SynchronizationContext;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One placed request: what its workers say, and the clock, go in; what its listener hears comes
 * out. It is served by {@link Leg}s: at first by one for all choices; when that loses its decode
 * worker, by others for what is left. {@link RequestState} has the edges.
 *
 * <ul>
 *   <li>Everything happens inside one serial context: no two things at once, and no lock held while
 *       the listener or a worker is called.
 *   <li>The listener hears every token once, in order, and the tokens are those of a request that
 *       lost nobody.
 *   <li>A loss fails the request only where nobody goes on with it, within the limits.
 *   <li>The end comes once; by then all calls are over and all assignments closed.
 * </ul>
 */
final class Generation implements GenerationCall {
  private static final Logger LOG = LoggerFactory.getLogger(Generation.class);

  private final SettledRequest request;
  private final TenantSalt salt;
  private final LongSupplier handoffIds;
  private final Entry entry;
  private final GenerationListener listener;
  private final Account account;
  private final Limits limits;
  private final RecoveryMeters meters;
  private final BiConsumer<Generation, Ending> over;
  private final Answers answers;
  private final List<Part> parts;
  private final Optional<Assignment> first;
  private final SynchronizationContext serial = new SynchronizationContext((_, e) -> broken(e));
  private final Recovery recovery;
  private final Lifecycle<RequestState> life =
      new Lifecycle<>(RequestState.EDGES, RequestState.SERVING);

  // All below inside serial only.
  private final Set<Leg> legs = new LinkedHashSet<>();
  private final RequestEnergy energy = new RequestEnergy();
  private final Map<Leg, Mending> mending = new HashMap<>();
  private @Nullable Leg latest;
  private int recoveries;
  private SynchronizationContext.@Nullable ScheduledHandle tick;

  /**
   * A request yet to start.
   *
   * @param answers as far as the client has them; must tell {@code listener}
   * @param parts what is left to write of them
   * @param assignment the workers of the first part, if there is one
   * @param assigner gives it others
   * @param handoffIds random, each names a handoff
   * @param entry hears what is read and delivered
   * @param over hears how it ended, after everything was given back and before the listener does
   */
  Generation(
      SettledRequest request,
      TenantSalt salt,
      Answers answers,
      List<Part> parts,
      Optional<Assignment> assignment,
      Recovery.Assigner assigner,
      LongSupplier handoffIds,
      Entry entry,
      GenerationListener listener,
      Account account,
      Limits limits,
      RecoveryMeters meters,
      BiConsumer<Generation, Ending> over) {
    this.request = request;
    this.salt = salt;
    this.handoffIds = handoffIds;
    this.entry = entry;
    this.listener = listener;
    this.account = account;
    this.limits = limits;
    this.meters = meters;
    this.over = over;
    this.answers = answers;
    this.parts = parts;
    this.first = assignment;
    this.recovery = new Recovery(assigner, limits, serial, new Found());
  }

  private Leg leg(Part part, int attempt, Assignment assignment) {
    return new Leg(
        part, attempt, salt, assignment, handoffIds.getAsLong(), limits, serial, new OfLegs());
  }

  /** Begins: the listener hears of it from now on. */
  void start() {
    serial.execute(() -> {
      listener.accepted(
          Accepted.newBuilder()
              .setRequestId(request.id())
              .setModel(request.model().name())
              .setSeed(request.sampling().seed())
              .setPromptTokens(request.prompt().length)
              .build());
      answers.finishWhatIsWhole(Part.whole(request));
      first.ifPresent(assignment -> begin(leg(parts.getFirst(), 1, assignment)));
      for (Part part : parts.subList(Math.min(1, parts.size()), parts.size())) {
        seek(Search.first(part));
      }
      settle();
      watch();
    });
  }

  private void begin(Leg leg) {
    recovery.keepTo(leg.assignment().placed().lineage());
    latest = leg;
    legs.add(leg);
    leg.start();
  }

  @Override
  public void cancel(String reason) {
    serial.execute(() -> {
      LOG.debug("request {} cancelled: {}", request.id(), reason);
      fail(BatonException.cancelled());
    });
  }

  /** Ends the request for a reason of the router's own. */
  void abandon(BatonException why) {
    serial.execute(() -> fail(why));
  }

  /** A leg that goes on after a loss, and has not delivered a token since. */
  private record Mending(RecoveryKind kind, long lastWord) {}

  /** What the legs say. */
  private final class OfLegs implements Leg.Owner {
    @Override
    public void reserved(Leg leg) {
      account.reserved();
    }

    @Override
    public void complete(Leg leg) {
      recovery.forget(leg);
      settle();
    }

    @Override
    public void computed(Leg leg, PromptComputed words) {
      energy.computed(words);
    }

    @Override
    public void prefilled(Leg leg, PrefillDone words) {
      energy.prefilled(words);
      if (recoveries == 0) {
        entry.prefilled(
            request.prompt().length,
            words.getComputedTokens(),
            micros(words.getComputeUs()),
            micros(words.getVisibleTransferUs()));
      }
    }

    @Override
    public void tokens(Leg leg, DecodedTokens tokens) {
      energy.chosen(tokens);
      int delivered = answers.push(tokens);
      if (delivered > 0) {
        account.delivered(answers.hasText(tokens.getChoice()));
        entry.delivered(delivered);
        Mending mended = mending.remove(leg);
        if (mended != null) {
          meters.delivered(mended.kind(), now() - mended.lastWord());
        }
      }
      closeIfAnswered(leg);
    }

    @Override
    public void finished(Leg leg, ChoiceFinished finished) {
      answers.finish(finished);
      closeIfAnswered(leg);
    }

    @Override
    public void prefillLost(Leg leg, BatonException why) {
      recovery.failed(leg.reader());
      lost(List.of(Search.ofPrefill(leg, new Loss("prefill", why, leg.prefillHeard()))), why);
    }

    @Override
    public void decodeLost(Leg leg, BatonException why) {
      recovery.failed(leg.writer());
      recovery.forget(leg);
      drop(leg, why.getMessage());
      answers.finishWhatIsWhole(leg.part());
      Loss loss = new Loss("decode", why, leg.decodeHeard());
      lost(
          answers.rest(leg.part()).stream().map(part -> Search.ofDecode(leg, part, loss)).toList(),
          why);
    }

    @Override
    public void settled(Leg leg) {
      drop(leg, "the answer is complete");
      settle();
    }
  }

  private void lost(List<Search> searches, BatonException why) {
    try (RequestScope _ = RequestScope.open(request.id())) {
      LOG.info("a worker was lost, its choices go on elsewhere: {}", why.getMessage());
    }
    if (life.state() == RequestState.SERVING && !searches.isEmpty()) {
      life.enter(RequestState.RECOVERING);
    }
    searches.forEach(this::seek);
    settle();
  }

  private void seek(Search search) {
    if (life.state() != RequestState.OVER) {
      recovery.seek(search);
    }
  }

  /** What is found in place of lost workers. */
  private final class Found implements Recovery.Owner {
    @Override
    public void found(Search search, Assignment assignment) {
      if (life.state() == RequestState.OVER) {
        assignment.close();
        return;
      }
      RecoveryKind kind = search.kind(assignment.placed());
      Leg leg = goOn(search, kind, assignment);
      search
          .loss()
          .ifPresent(loss -> {
            recoveries++;
            meters.recovered(loss, kind, search.pool().orElse(""));
            mending.put(leg, new Mending(kind, loss.lastWord()));
          });
      try (RequestScope _ = RequestScope.open(request.id())) {
        LOG.atInfo()
            .addKeyValue("kind", kind.label())
            .addKeyValue("reason", search.loss().map(Loss::reason).orElse("none"))
            .addKeyValue("prefill_worker", leg.reader().id())
            .addKeyValue("decode_worker", leg.writer().id())
            .addKeyValue("delivered", search.part().delivered().length)
            .log("request goes on");
      }
      settle();
      // While nobody was there, nobody was watched.
      serial.execute(Generation.this::watch);
    }

    @Override
    public void hopeless(Search search, BatonException why) {
      fail(why);
    }
  }

  private Leg goOn(Search search, RecoveryKind kind, Assignment assignment) {
    if (kind == RecoveryKind.RESUME) {
      Leg orphan = search.orphan().orElseThrow();
      orphan.goOnWith(assignment);
      return orphan;
    }
    search.orphan().ifPresent(orphan -> drop(orphan, "its prompt is read for another worker"));
    Leg next = leg(search.part(), search.attempts() + 1, assignment);
    begin(next);
    return next;
  }

  private void drop(Leg leg, String why) {
    leg.close(why);
    legs.remove(leg);
    mending.remove(leg);
  }

  private void closeIfAnswered(Leg leg) {
    if (leg.state() == LegState.DECODING && answers.ended(leg.part())) {
      leg.answered();
      watch();
    }
    settle();
  }

  /** Takes the edges that follow from where legs, searches and answers are. */
  private void settle() {
    RequestState state = life.state();
    boolean open = state == RequestState.SERVING || state == RequestState.RECOVERING;
    RequestState now = recovery.isSeeking() ? RequestState.RECOVERING : RequestState.SERVING;
    if (open && state != now) {
      life.enter(now);
    }
    if (open && answers.ended()) {
      recovery.stop();
      life.enter(RequestState.CLOSING);
    }
    if (life.state() == RequestState.CLOSING && legs.isEmpty()) {
      end(Optional.empty());
    }
  }

  private void fail(BatonException why) {
    if (life.state() == RequestState.CLOSING) {
      // The client has the whole answer already: what fails now is only its account.
      end(Optional.empty());
    } else if (life.state() != RequestState.OVER) {
      end(Optional.of(why));
    }
  }

  private void end(Optional<BatonException> error) {
    String last = phase();
    life.enter(RequestState.OVER);
    if (tick != null) {
      tick.cancel();
    }
    recovery.stop();
    String why = error.map(BatonException::getMessage).orElse("the answer is complete");
    Set.copyOf(legs).forEach(leg -> drop(leg, why));
    Usage usage = UsageAccount.of(request, answers, Optional.ofNullable(latest), account, energy);
    Optional<Leg> undisturbed =
        Optional.ofNullable(latest).filter(leg -> recoveries == 0 && leg.isOfTheWhole());
    if (error.isEmpty()) {
      undisturbed.ifPresent(leg ->
          account
              .tpot(answers.longest())
              .ifPresent(tpot -> leg.assignment().decoded(tpot.toNanos() / 1e9)));
    }
    Optional<Predicted> predicted =
        undisturbed.flatMap(leg -> leg.assignment().placed().predicted());
    over.accept(this, new Ending(last, error, usage, answers.longest(), recoveries, predicted));
    error.ifPresentOrElse(listener::failed, () -> listener.completed(usage));
  }

  /** The request's own state, or that of its leg which is furthest behind. */
  private String phase() {
    return life.state() == RequestState.SERVING
        ? legs.stream()
            .map(Leg::state)
            .min(LegState::compareTo)
            .map(LegState::label)
            .orElse(life.state().label())
        : life.state().label();
  }

  /** Looks at the clock now and again when the next limit would be reached. */
  private void watch() {
    if (life.state() == RequestState.OVER) {
      return;
    }
    long left = limits.deadline() - now();
    if (left <= 0) {
      fail(BatonException.deadline());
      return;
    }
    for (Leg leg : List.copyOf(legs)) {
      left = Math.min(left, leg.look());
    }
    if (tick != null) {
      tick.cancel();
    }
    if (life.state() != RequestState.OVER) {
      tick = serial.schedule(this::watch, Math.max(left, 0), TimeUnit.NANOSECONDS, limits.timer());
    }
  }

  private void broken(Throwable error) {
    try (RequestScope _ = RequestScope.open(request.id())) {
      fail(BatonException.from(error));
    }
  }

  private static Duration micros(long micros) {
    return Duration.of(micros, ChronoUnit.MICROS);
  }

  private long now() {
    return limits.nanos().getAsLong();
  }
}
