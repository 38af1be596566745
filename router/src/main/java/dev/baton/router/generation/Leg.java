package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.proto.internal.v1.ChoiceFinished;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodedTokens;
import dev.baton.proto.internal.v1.KvArrived;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.router.placement.WorkerRef;
import dev.baton.router.workers.Assignment;
import io.grpc.Context;
import io.grpc.SynchronizationContext;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One decode worker's part in a request, from the reservation of its blocks until they are given
 * back; beside it, while the KV is to come, a prefill worker, or several one after the other.
 * {@link LegState} has the edges.
 *
 * <ul>
 *   <li>Everything happens inside the request's serial context, its owner's calls included.
 *   <li>Both workers are watched for silence. What a worker must not say counts as its loss.
 *   <li>A lost prefill worker leaves the leg {@link LegState#ORPHANED}: the decode worker keeps
 *       what came. Each next one has the ticket's next generation.
 *   <li>Once the KV has arrived, the prefill worker does not matter any more: if its last words are
 *       lost, the account says 0 cached tokens.
 *   <li>{@link #close} may come at any time: both calls and the assignment end, once, and nothing
 *       more is heard.
 * </ul>
 */
final class Leg {
  /** How long a finished answer waits for the workers' accounts. */
  private static final Duration CLOSING_LIMIT = Duration.ofSeconds(2);

  /** Hears of a leg. */
  interface Owner {
    /** The decode worker reserved its blocks. */
    void reserved(Leg leg);

    /** Orphaned as it was, its KV had come in. */
    void complete(Leg leg);

    /** The decode worker has read the prompt itself, and gave its account. */
    void computed(Leg leg, PromptComputed words);

    /** The prefill worker gave its account. */
    void prefilled(Leg leg, PrefillDone words);

    /** More tokens of one of its choices. */
    void tokens(Leg leg, DecodedTokens tokens);

    /** The decode worker ended one of its choices. */
    void finished(Leg leg, ChoiceFinished finished);

    /** The prefill worker is lost before the KV was in; the leg is orphaned. */
    void prefillLost(Leg leg, BatonException why);

    /** The decode worker is lost. */
    void decodeLost(Leg leg, BatonException why);

    /** All its choices ended, and its accounts are in or late. */
    void settled(Leg leg);
  }

  private final Part part;
  private final int attempt;
  private final WorkerRequests requests;
  private final Limits limits;
  private final SynchronizationContext serial;
  private final Owner owner;
  private final WorkerCall<DecodeRequest, DecodeResponse> decode;
  private final Lifecycle<LegState> life = new Lifecycle<>(LegState.EDGES, LegState.RESERVING);

  private Assignment assignment;
  private Ticket ticket;
  private @Nullable WorkerCall<PrefillRequest, PrefillResponse> prefill;
  private int prefills = 1;
  private long decodeHeard;
  private long prefillHeard;
  private long closingSince;
  private int finishedByWorker;
  private boolean progressed;
  private KvArrived arrived = KvArrived.getDefaultInstance();
  private @Nullable PrefillDone done;
  private @Nullable PromptComputed computed;

  /**
   * A leg yet to start.
   *
   * @param attempt how many attempts in a row this makes since the last that delivered a token
   * @param handoffId random, names the handoff
   */
  Leg(
      Part part,
      int attempt,
      TenantSalt salt,
      Assignment assignment,
      long handoffId,
      Limits limits,
      SynchronizationContext serial,
      Owner owner) {
    this.part = part;
    this.attempt = attempt;
    this.requests = new WorkerRequests(part, salt, assignment.placed().lineage());
    this.assignment = assignment;
    this.ticket = new Ticket(handoffId, assignment.placed().decode().epoch(), 1);
    this.limits = limits;
    this.serial = serial;
    this.owner = owner;
    this.decode = new WorkerCall<>(serial, this::onDecode, this::onDecodeEnd);
  }

  /** Asks the decode worker. */
  void start() {
    decodeHeard = now();
    DecodeRequest asked = isLocal() ? requests.decodeLocally() : requests.decode(ticket);
    // Not in the caller's context: its cancellation comes through close(), with a reason.
    Context.ROOT.run(() ->
        assignment
            .decode()
            .withDeadlineAfter(limits.deadline() - now(), TimeUnit.NANOSECONDS)
            .decode(asked, decode));
  }

  /** Has another prefill worker send what is missing; the decode worker must be the same. */
  void goOnWith(Assignment next) {
    assignment.close();
    assignment = next;
    // It has reserved already.
    next.decodeKnows();
    ticket = ticket.next();
    prefills++;
    life.enter(LegState.PREFILLING);
    askPrefill();
  }

  private void askPrefill() {
    prefillHeard = now();
    WorkerCall<PrefillRequest, PrefillResponse> call =
        new WorkerCall<>(serial, this::onPrefill, this::onPrefillEnd);
    prefill = call;
    PrefillRequest asked =
        requests.prefill(ticket, assignment.kvEndpoint(), assignment.prefixSource());
    Context.ROOT.run(() ->
        assignment
            .prefill()
            .withDeadlineAfter(limits.deadline() - now(), TimeUnit.NANOSECONDS)
            .prefill(asked, call));
  }

  private void onDecode(DecodeResponse response) {
    decodeHeard = now();
    assignment.decodeKnows();
    switch (response.getEventCase()) {
      case WAITING -> {}
      case RESERVED -> {
        if (entered(LegState.RESERVING, LegState.PREFILLING)) {
          owner.reserved(this);
          prefillHeard = now();
          if (!isLocal()) {
            askPrefill();
          }
        }
      }
      case KV_ARRIVED -> {
        boolean orphaned = state() == LegState.ORPHANED;
        if (entered(orphaned ? LegState.ORPHANED : LegState.PREFILLING, LegState.DECODING)) {
          arrived = response.getKvArrived();
          assignment.kvArrived();
          if (orphaned) {
            owner.complete(this);
          }
        }
      }
      case PROMPT_COMPUTED -> {
        if (!isLocal()) {
          faulty("read a prompt that another worker was to read");
        } else if (entered(LegState.PREFILLING, LegState.DECODING)) {
          computed = response.getPromptComputed();
          assignment.kvArrived();
          owner.computed(this, computed);
        }
      }
      case TOKENS -> {
        if (mayName(response.getTokens().getChoice())) {
          progressed = true;
          owner.tokens(this, response.getTokens());
        }
      }
      case FINISHED -> {
        if (mayName(response.getFinished().getChoice())) {
          finishedByWorker++;
          owner.finished(this, response.getFinished());
        }
      }
      case EVENT_NOT_SET -> faulty("sent an event of no kind");
    }
  }

  private boolean entered(LegState from, LegState to) {
    if (state() != from) {
      faulty("said while " + state().label() + " that it was " + to.label());
      return false;
    }
    life.enter(to);
    return true;
  }

  private boolean mayName(int choice) {
    if (state() != LegState.DECODING && state() != LegState.CLOSING) {
      faulty("sent tokens while " + state().label());
      return false;
    }
    if (!part.has(choice)) {
      faulty("sent choice %d of %d from %d on".formatted(choice, part.count(), part.first()));
      return false;
    }
    return true;
  }

  private void faulty(String what) {
    loseDecode(BatonException.workerLost(writer().id(), what));
  }

  private void onDecodeEnd(@Nullable Throwable end) {
    if (state() == LegState.CLOSING) {
      settleIfAccounted();
    } else {
      loseDecode(WorkerFailure.of(writer().id(), end));
    }
  }

  private void loseDecode(BatonException why) {
    if (state() == LegState.CLOSING) {
      // The client has these choices already: what fails now is only their account.
      owner.settled(this);
    } else {
      owner.decodeLost(this, why);
    }
  }

  private void onPrefill(PrefillResponse response) {
    prefillHeard = now();
    assignment.prefillKnows();
    switch (response.getEventCase()) {
      case PROGRESS -> {}
      case DONE -> {
        PrefillDone words = response.getDone();
        done = words;
        assignment.prefillDone(
            words.getComputedTokens(),
            words.getCachedTokens(),
            words.getPulledTokens(),
            words.getComputeUs() / 1e6);
        owner.prefilled(this, words);
        settleIfAccounted();
      }
      case EVENT_NOT_SET ->
          losePrefill(BatonException.workerLost(reader().id(), "sent an event of no kind"));
    }
  }

  private void onPrefillEnd(@Nullable Throwable end) {
    if (done == null && state() == LegState.PREFILLING) {
      losePrefill(WorkerFailure.of(reader().id(), end));
    } else {
      settleIfAccounted();
    }
  }

  private void losePrefill(BatonException why) {
    if (state() == LegState.PREFILLING) {
      life.enter(LegState.ORPHANED);
      cancelPrefill(why.getMessage());
      owner.prefillLost(this, why);
    }
  }

  /** All its choices ended. */
  void answered() {
    life.enter(LegState.CLOSING);
    closingSince = now();
    if (finishedByWorker < part.count()) {
      decode.cancel("a stop string ended the answer");
    }
    settleIfAccounted();
  }

  private void settleIfAccounted() {
    boolean accounted = isLocal() || done != null || prefill == null || prefill.over();
    if (state() == LegState.CLOSING && decode.over() && accounted) {
      owner.settled(this);
    }
  }

  /** Ends both calls and gives the workers back. Idempotent. */
  void close(String why) {
    if (state() == LegState.OVER) {
      return;
    }
    life.enter(LegState.OVER);
    decode.cancel(why);
    cancelPrefill(why);
    assignment.close();
  }

  private void cancelPrefill(String why) {
    if (prefill != null) {
      prefill.cancel(why);
    }
  }

  /**
   * Looks for silence; what is lost, its owner hears.
   *
   * @return nanoseconds until it should look again
   */
  long look() {
    return switch (state()) {
      case RESERVING, ORPHANED, DECODING -> lookAtDecode();
      case PREFILLING ->
          isLocal() || done != null ? lookAtDecode() : Math.min(lookAtDecode(), lookAtPrefill());
      case CLOSING -> {
        long left = closingSince + CLOSING_LIMIT.toNanos() - now();
        if (left <= 0) {
          owner.settled(this);
        }
        yield left;
      }
      case OVER -> Long.MAX_VALUE;
    };
  }

  private long lookAtDecode() {
    long left = decodeHeard + limits.stallLimit().toNanos() - now();
    if (left <= 0) {
      loseDecode(BatonException.stalled(writer().id(), limits.stallLimit()));
    }
    return left;
  }

  private long lookAtPrefill() {
    long left = prefillHeard + limits.stallLimit().toNanos() - now();
    if (left <= 0) {
      losePrefill(BatonException.stalled(reader().id(), limits.stallLimit()));
    }
    return left;
  }

  Part part() {
    return part;
  }

  /** Whether it writes all choices from their first token on. */
  boolean isOfTheWhole() {
    return part.count() == part.request().choices() && part.delivered().length == 0;
  }

  LegState state() {
    return life.state();
  }

  Assignment assignment() {
    return assignment;
  }

  /** Who reads the prompt, at last. */
  WorkerRef reader() {
    return assignment.placed().prefill();
  }

  /** Who writes. */
  WorkerRef writer() {
    return assignment.placed().decode();
  }

  boolean isLocal() {
    return assignment.placed().isLocal();
  }

  /** How many attempts in a row, since the last that delivered a token, and with that one. */
  int attempts() {
    return progressed ? 1 : attempt + prefills - 1;
  }

  /** When its decode worker last said anything. */
  long decodeHeard() {
    return decodeHeard;
  }

  /** When its prefill worker last said anything. */
  long prefillHeard() {
    return prefillHeard;
  }

  /** What moved between its workers. */
  KvArrived arrived() {
    return arrived;
  }

  /** What its prefill worker said last; nothing where that was lost. */
  PrefillDone done() {
    return done == null ? PrefillDone.getDefaultInstance() : done;
  }

  /** Prompt tokens that nobody had to compute. */
  int cachedTokens() {
    return computed == null ? done().getCachedTokens() : computed.getCachedTokens();
  }

  private long now() {
    return limits.nanos().getAsLong();
  }
}
