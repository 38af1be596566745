package dev.baton.router.fake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.process.Readiness;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.SampledToken;
import dev.baton.router.admission.AdmissionGate;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.generation.GenerationCall;
import dev.baton.router.generation.GenerationLimits;
import dev.baton.router.generation.GenerationListener;
import dev.baton.router.generation.GenerationRequest;
import dev.baton.router.generation.Generations;
import dev.baton.router.generation.Models;
import dev.baton.router.generation.RecoveryLimits;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.placement.LeastLoaded;
import dev.baton.router.placement.Placement;
import dev.baton.router.tenant.Tenant;
import dev.baton.router.tenant.Tenants;
import dev.baton.router.workers.WorkerChannels;
import dev.baton.router.workers.Workers;
import io.grpc.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * A router's inside with one fake prefill worker {@code p} and one fake decode worker {@code d}.
 */
public final class House implements AutoCloseable {
  public static final GenerationLimits LIMITS =
      new GenerationLimits(32, Duration.ofSeconds(60), Duration.ofSeconds(30), RecoveryLimits.NONE);
  public static final AdmissionLimits ADMISSION = AdmissionLimits.DEFAULT.withRequests(64, 64);
  public static final Supplier<Readiness> READY = Readiness::ready;
  public static final long BYTES = 4096;

  public final FakePrefill prefill = new FakePrefill("p");
  public final FakeDecode decode = new FakeDecode("d");
  public final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  public final Workers workers;
  public final Generations generations;

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  public House() {
    this(LIMITS);
  }

  public House(GenerationLimits limits) {
    this(limits, ADMISSION, TenantPolicies.NONE);
  }

  public House(GenerationLimits limits, AdmissionLimits admission, TenantPolicies policies) {
    this(new LeastLoaded(), limits, admission, policies);
  }

  public House(
      Placement placement,
      GenerationLimits limits,
      AdmissionLimits admission,
      TenantPolicies policies) {
    workers =
        new Workers(
            placement,
            new PrefixIndex(1 << 20, 64),
            endpoint -> WorkerChannels.open(endpoint, threads),
            timer,
            System::nanoTime);
    workers.members(List.of(prefill.member(), decode.member()));
    AdmissionGate gate =
        new AdmissionGate(admission, workers::view, meters, threads, timer, System::nanoTime);
    workers.onChange(gate::roomMayHaveCome);
    generations =
        new Generations(
            new Models(List.of(TestModel.model())),
            workers,
            new Tenants("a secret of the tests"),
            gate,
            policies,
            limits,
            meters,
            timer,
            System::nanoTime);
  }

  /** A request for an answer to this prompt. */
  public static GenerateRequest.Builder text(String prompt) {
    return GenerateRequest.newBuilder().setText(prompt).setRequestId("test-1");
  }

  /** Starts a request of somebody without a key, which came over gRPC. */
  public GenerationCall start(GenerateRequest.Builder asked, GenerationListener heard) {
    return generations.start(
        GenerationRequest.of(asked.build(), Tenant.ANONYMOUS, "grpc", Optional.empty()), heard);
  }

  /** Brings the next request to where its prompt is read and its KV has arrived. */
  public DecodeProbe decoding() throws InterruptedException {
    DecodeProbe call = decode.next();
    call.reserved();
    prefill.next().done(0);
    call.kvArrived(1, 0, 1);
    return call;
  }

  /** The listener heard one end, and neither calls nor room nor anything in flight are left. */
  public void assertNothingIsLeftOf(Heard heard) {
    assertThat(heard.ends()).isEqualTo(1);
    assertThat(generations.running()).isZero();
    assertThat(workers.view().prefill()).allSatisfy(each -> assertThat(each.ownTokens()).isZero());
    assertThat(workers.view().decode()).allSatisfy(each -> assertThat(each.ownRequests()).isZero());
  }

  /** Both workers serve by themselves: every choice gets its text, token by token, and stops. */
  public void answer(IntFunction<String> textOfChoice) {
    serve(call -> {
      for (int choice = 0; choice < call.request().getChoices(); choice++) {
        for (int token : TestModel.tokens(textOfChoice.apply(choice))) {
          call.tokens(choice, List.of(token));
        }
        call.stopped(choice);
      }
      call.complete();
    });
  }

  /** Both workers serve by themselves: the first choice gets these tokens, one by one. */
  public void answerTokens(List<SampledToken> tokens, FinishReason reason) {
    serve(call -> {
      tokens.forEach(token -> call.sampled(0, List.of(token)));
      call.finished(0, reason);
      call.complete();
    });
  }

  /** Both workers serve by themselves, until the decode worker fails after this text. */
  public void failAfter(String text, Status status) {
    serve(call -> {
      TestModel.tokens(text).forEach(token -> call.tokens(0, List.of(token)));
      call.fail(status);
    });
  }

  private void serve(Consumer<DecodeProbe> afterArrival) {
    Map<Long, DecodeProbe> open = new ConcurrentHashMap<>();
    decode.script(call -> {
      open.put(call.request().getTicket().getHandoffId(), call);
      call.reserved();
    });
    prefill.script(call -> {
      DecodeProbe answer = open.remove(call.request().getTicket().getHandoffId());
      call.progress();
      answer.kvArrived(2, 1, BYTES);
      call.done(16);
      afterArrival.accept(answer);
    });
  }

  /** Value of a counter. */
  public double counted(String name, String... tags) {
    var counter = meters.find(name).tags(tags).counter();
    return counter == null ? 0 : counter.count();
  }

  @Override
  public void close() {
    generations.close();
    workers.close();
    prefill.close();
    decode.close();
    threads.shutdownNow();
    timer.shutdownNow();
  }
}
