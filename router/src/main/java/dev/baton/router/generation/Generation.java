package dev.baton.router.generation;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeServiceGrpc.DecodeServiceStub;
import dev.baton.proto.internal.v1.KvArrived;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.internal.v1.PrefillServiceGrpc.PrefillServiceStub;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.proto.internal.v1.Ticket;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Route;
import dev.baton.proto.v1.Usage;
import dev.baton.router.admission.Entry;
import dev.baton.router.workers.Assignment;
import io.grpc.Context;
import io.grpc.SynchronizationContext;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One placed request: what its two workers say, and the clock, go in; what its listener hears comes
 * out. {@link Phase} has the edges.
 *
 * <ul>
 *   <li>Everything happens inside one serial context: no two things at once, and no lock held while
 *       the listener or a worker is called.
 *   <li>Both workers are watched for silence, the whole for its deadline. A local prefill has one
 *       worker only.
 *   <li>Until the KV has arrived, the failure of either worker fails the request and cancels the
 *       other. After that the answer no longer depends on the prefill worker: if its last words are
 *       lost, the account says 0 cached tokens and the answer stands.
 *   <li>The end comes once; by then both calls are over and the assignment is closed.
 * </ul>
 */
final class Generation implements GenerationCall {
  private static final Logger LOG = LoggerFactory.getLogger(Generation.class);

  /** How long a finished answer waits for the workers' accounts. */
  private static final Duration CLOSING_LIMIT = Duration.ofSeconds(2);

  private final SettledRequest request;
  private final Assignment assignment;
  private final WorkerRequests requests;
  private final Entry entry;
  private final GenerationListener listener;
  private final Account account;
  private final Limits limits;
  private final BiConsumer<Generation, Ending> over;
  private final List<Answer> answers;
  private final SynchronizationContext serial = new SynchronizationContext((_, e) -> broken(e));
  private final WorkerCall<DecodeRequest, DecodeResponse> decode =
      new WorkerCall<>(serial, this::onDecode, this::onDecodeEnd);
  private final WorkerCall<PrefillRequest, PrefillResponse> prefill =
      new WorkerCall<>(serial, this::onPrefill, this::onPrefillEnd);

  // All below inside serial only.
  private Phase phase = Phase.RESERVING;
  private long decodeHeard;
  private long prefillHeard;
  private long closingSince;
  private int finishedByWorker;
  private final RequestEnergy energy = new RequestEnergy();
  private KvArrived arrived = KvArrived.getDefaultInstance();
  private @Nullable PrefillDone done;
  private @Nullable PromptComputed computed;
  private SynchronizationContext.@Nullable ScheduledHandle tick;

  /**
   * A request yet to start.
   *
   * @param handoffId random, names the handoff
   * @param entry hears what is read and delivered
   * @param over hears how it ended, after everything was given back and before the listener does
   */
  Generation(
      SettledRequest request,
      TenantSalt salt,
      Assignment assignment,
      long handoffId,
      Entry entry,
      GenerationListener listener,
      Account account,
      Limits limits,
      BiConsumer<Generation, Ending> over) {
    this.request = request;
    this.assignment = assignment;
    this.requests =
        new WorkerRequests(
            request,
            salt,
            assignment.placed().lineage(),
            Ticket.newBuilder()
                .setHandoffId(handoffId)
                .setReceiverEpoch(assignment.placed().decode().epoch())
                .setGeneration(1)
                .build());
    this.entry = entry;
    this.listener = listener;
    this.account = account;
    this.limits = limits;
    this.over = over;
    this.answers =
        IntStream.range(0, request.choices())
            .mapToObj(choice ->
                new Answer(
                    choice,
                    request.model().tokenizer(),
                    request.stopStrings(),
                    request.stopTokens()))
            .toList();
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
      decodeHeard = now();
      // Not in the caller's context: its cancellation comes through cancel(), with a reason.
      DecodeRequest asked = isLocal() ? requests.decodeLocally() : requests.decode();
      Context.ROOT.run(() -> decodeStub().decode(asked, decode));
      watch();
    });
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

  private void onDecode(DecodeResponse response) {
    decodeHeard = now();
    assignment.decodeKnows();
    switch (response.getEventCase()) {
      case WAITING -> {}
      case RESERVED -> {
        enter(Phase.PREFILLING);
        account.reserved();
        prefillHeard = now();
        if (isLocal()) {
          return;
        }
        PrefillRequest asked = requests.prefill(assignment.kvEndpoint(), assignment.prefixSource());
        Context.ROOT.run(() -> prefillStub().prefill(asked, prefill));
      }
      case KV_ARRIVED -> {
        enter(Phase.DECODING);
        arrived = response.getKvArrived();
        assignment.kvArrived();
      }
      case PROMPT_COMPUTED -> {
        if (!isLocal()) {
          throw broken(decodeWorker(), "read a prompt that another worker was to read");
        }
        enter(Phase.DECODING);
        computed = response.getPromptComputed();
        energy.computed(computed);
        assignment.kvArrived();
      }
      case TOKENS -> {
        Answer answer = answer(response.getTokens().getChoice());
        energy.chosen(response.getTokens());
        int before = answer.tokens();
        answer.push(response.getTokens().getTokensList(), listener);
        if (answer.tokens() > before) {
          account.delivered(answer.hasText());
          entry.delivered(answer.tokens() - before);
        }
        closeIfAnswered();
      }
      case FINISHED -> {
        finishedByWorker++;
        answer(response.getFinished().getChoice())
            .finish(response.getFinished().getReason(), listener);
        closeIfAnswered();
      }
      case EVENT_NOT_SET -> throw broken(decodeWorker(), "sent an event of no kind");
    }
  }

  private boolean isLocal() {
    return assignment.placed().isLocal();
  }

  private Answer answer(int choice) {
    if (phase != Phase.DECODING && phase != Phase.CLOSING) {
      throw broken(decodeWorker(), "sent tokens while " + phase.label());
    }
    if (choice < 0 || choice >= answers.size()) {
      throw broken(decodeWorker(), "sent choice " + choice + " of " + answers.size());
    }
    return answers.get(choice);
  }

  private void onDecodeEnd(@Nullable Throwable error) {
    if (phase == Phase.CLOSING) {
      completeIfAccounted();
    } else {
      fail(lost(decodeWorker(), error));
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
        energy.prefilled(words);
        assignment.prefillDone(
            words.getComputedTokens(), words.getCachedTokens(), words.getComputeUs() / 1e6);
        entry.prefilled(
            request.prompt().length,
            words.getComputedTokens(),
            micros(words.getComputeUs()),
            micros(words.getVisibleTransferUs()));
        completeIfAccounted();
      }
      case EVENT_NOT_SET -> throw broken(prefillWorker(), "sent an event of no kind");
    }
  }

  private void onPrefillEnd(@Nullable Throwable error) {
    if (done == null && phase == Phase.PREFILLING) {
      fail(lost(prefillWorker(), error));
    } else {
      completeIfAccounted();
    }
  }

  private void closeIfAnswered() {
    if (phase != Phase.DECODING || !answers.stream().allMatch(Answer::ended)) {
      return;
    }
    enter(Phase.CLOSING);
    closingSince = now();
    if (finishedByWorker < answers.size()) {
      decode.cancel("a stop string ended the answer");
    }
    watch();
    completeIfAccounted();
  }

  private void completeIfAccounted() {
    boolean accounted = decode.over() && (isLocal() || done != null || prefill.over());
    if (phase == Phase.CLOSING && accounted) {
      end(Optional.empty());
    }
  }

  private void fail(BatonException why) {
    if (phase == Phase.CLOSING) {
      // The client has the whole answer already: what fails now is only its account.
      end(Optional.empty());
    } else if (phase != Phase.OVER) {
      end(Optional.of(why));
    }
  }

  private void end(Optional<BatonException> error) {
    Phase last = phase;
    enter(Phase.OVER);
    if (tick != null) {
      tick.cancel();
    }
    String why = error.map(BatonException::getMessage).orElse("the answer is complete");
    decode.cancel(why);
    prefill.cancel(why);
    assignment.close();
    Usage usage = usage();
    int longest = answers.stream().mapToInt(Answer::tokens).max().orElse(0);
    if (error.isEmpty()) {
      account.tpot(longest).ifPresent(tpot -> assignment.decoded(tpot.toNanos() / 1e9));
    }
    over.accept(
        this, new Ending(last.label(), error, usage, longest, assignment.placed().predicted()));
    error.ifPresentOrElse(listener::failed, () -> listener.completed(usage));
  }

  private Usage usage() {
    Route.Builder route =
        Route.newBuilder()
            .setPrefillWorker(prefillWorker())
            .setDecodeWorker(decodeWorker())
            .setBlocksMoved(arrived.getBlocksMoved())
            .setBlocksPresent(arrived.getBlocksPresent())
            .setBytesMoved(arrived.getBytesMoved())
            .setLocalPrefill(isLocal())
            .setPulledTokens(done == null ? 0 : done.getPulledTokens())
            .setTransferUs(done == null ? 0 : done.getTransferUs())
            .setVisibleTransferUs(done == null ? 0 : done.getVisibleTransferUs())
            .setAdmissionUs(account.admission().map(Generation::inMicros).orElse(0L))
            .setQueueUs(
                account.queue().map(Generation::inMicros).orElse(0L)
                    + (done == null ? 0 : done.getQueueUs()))
            .setPrefillUs(done == null ? 0 : done.getComputeUs());
    energy.write(route);
    assignment
        .placed()
        .predicted()
        .ifPresent(predicted ->
            route
                .setPredictedTtftUs(Math.round(predicted.ttftSeconds() * 1e6))
                .setPredictedTpotUs(Math.round(predicted.tpotSeconds() * 1e6)));
    return Usage.newBuilder()
        .setPromptTokens(request.prompt().length)
        .setCachedTokens(cachedTokens())
        .setCompletionTokens(answers.stream().mapToInt(Answer::tokens).sum())
        .setRoute(route)
        .build();
  }

  private int cachedTokens() {
    if (computed != null) {
      return computed.getCachedTokens();
    }
    return done == null ? 0 : done.getCachedTokens();
  }

  /** Looks at the clock now and again when the next limit would be reached. */
  private void watch() {
    if (phase == Phase.OVER) {
      return;
    }
    long now = now();
    long left = limits.deadline() - now;
    if (left <= 0) {
      fail(BatonException.deadline());
      return;
    }
    if (phase == Phase.CLOSING) {
      left = Math.min(left, closingSince + CLOSING_LIMIT.toNanos() - now);
      if (left <= 0) {
        end(Optional.empty());
        return;
      }
    } else {
      long decodeLeft = decodeHeard + limits.stallLimit().toNanos() - now;
      if (decodeLeft <= 0) {
        fail(BatonException.stalled(decodeWorker(), limits.stallLimit()));
        return;
      }
      left = Math.min(left, decodeLeft);
    }
    if (phase == Phase.PREFILLING && !isLocal()) {
      long prefillLeft = prefillHeard + limits.stallLimit().toNanos() - now;
      if (prefillLeft <= 0) {
        fail(BatonException.stalled(prefillWorker(), limits.stallLimit()));
        return;
      }
      left = Math.min(left, prefillLeft);
    }
    if (tick != null) {
      tick.cancel();
    }
    tick = serial.schedule(this::watch, left, TimeUnit.NANOSECONDS, limits.timer());
  }

  private void enter(Phase next) {
    if (!phase.leadsTo(next)) {
      throw broken(decodeWorker(), "went from " + phase.label() + " to " + next.label());
    }
    phase = next;
  }

  private void broken(Throwable error) {
    try (RequestScope _ = RequestScope.open(request.id())) {
      fail(BatonException.from(error));
    }
  }

  private static BatonException broken(String worker, String what) {
    return BatonException.workerLost(worker, what);
  }

  private static BatonException lost(String worker, @Nullable Throwable error) {
    if (error == null) {
      return broken(worker, "ended its stream too early");
    }
    BatonException known = BatonException.from(error);
    return switch (known.code()) {
      // Nobody here cancelled: the worker gave the call up.
      case ERROR_CODE_CANCELLED -> broken(worker, "it gave the request up");
      case ERROR_CODE_WORKER_LOST -> broken(worker, known.getMessage());
      default -> known;
    };
  }

  private DecodeServiceStub decodeStub() {
    return assignment.decode().withDeadlineAfter(limits.deadline() - now(), TimeUnit.NANOSECONDS);
  }

  private PrefillServiceStub prefillStub() {
    return assignment.prefill().withDeadlineAfter(limits.deadline() - now(), TimeUnit.NANOSECONDS);
  }

  private static long inMicros(Duration time) {
    return time.toNanos() / 1000;
  }

  private static Duration micros(long micros) {
    return Duration.of(micros, ChronoUnit.MICROS);
  }

  private String prefillWorker() {
    return assignment.placed().prefill().id();
  }

  private String decodeWorker() {
    return assignment.placed().decode().id();
  }

  private long now() {
    return limits.nanos().getAsLong();
  }
}
