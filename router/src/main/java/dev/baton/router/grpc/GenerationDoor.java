package dev.baton.router.grpc;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc.GenerationServiceImplBase;
import dev.baton.proto.v1.ListModelsRequest;
import dev.baton.proto.v1.ListModelsResponse;
import dev.baton.proto.v1.Model;
import dev.baton.proto.v1.Usage;
import dev.baton.router.generation.GenerationCall;
import dev.baton.router.generation.GenerationListener;
import dev.baton.router.generation.GenerationRequest;
import dev.baton.router.generation.Generations;
import dev.baton.router.generation.TextModel;
import dev.baton.router.workers.Fleet;
import dev.baton.router.workers.Workers;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.ServerInterceptors;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Serves {@code baton.v1.GenerationService}. A client that reads slowly blocks nobody: gRPC keeps
 * what it has not read, which is never more than its answer.
 */
public final class GenerationDoor extends GenerationServiceImplBase {
  private final Generations generations;
  private final Workers workers;

  private GenerationDoor(Generations generations, Workers workers) {
    this.generations = generations;
    this.workers = workers;
  }

  /** The service, with what it needs around it. */
  public static BindableService open(Generations generations, Workers workers) {
    GenerationDoor door = new GenerationDoor(generations, workers);
    return () -> ServerInterceptors.intercept(door, new TenantInterceptor());
  }

  @Override
  public void generate(GenerateRequest asked, StreamObserver<GenerateResponse> responses) {
    AtomicReference<GenerationCall> running = new AtomicReference<>();
    ((ServerCallStreamObserver<GenerateResponse>) responses)
        .setOnCancelHandler(() -> {
          GenerationCall call = running.get();
          if (call != null) {
            call.cancel("the client cancelled the call");
          }
        });
    Optional<Duration> timeLimit =
        Optional.ofNullable(Context.current().getDeadline())
            .map(deadline -> Duration.ofNanos(deadline.timeRemaining(TimeUnit.NANOSECONDS)));
    GenerationRequest request =
        GenerationRequest.of(asked, TenantInterceptor.current(), "grpc", timeLimit);
    running.set(generations.start(request, new Relay(request.id(), responses)));
  }

  @Override
  public void listModels(ListModelsRequest asked, StreamObserver<ListModelsResponse> response) {
    ListModelsResponse.Builder models = ListModelsResponse.newBuilder();
    for (TextModel each : generations.models().all()) {
      Model.Builder model =
          Model.newBuilder()
              .setName(each.name())
              .setContextTokens(each.config().contextTokens())
              .setPrefillWorkers(workers.count(WorkerRole.WORKER_ROLE_PREFILL, each.name()))
              .setDecodeWorkers(workers.count(WorkerRole.WORKER_ROLE_DECODE, each.name()));
      Fleet fleet = workers.fleet(each.name());
      fleet.dollarsPerHour().ifPresent(model::setDollarsPerHour);
      fleet.joules().ifPresent(model::setJoules);
      models.addModels(model);
    }
    response.onNext(models.build());
    response.onCompleted();
  }

  private record Relay(String requestId, StreamObserver<GenerateResponse> responses)
      implements GenerationListener {
    @Override
    public void accepted(Accepted accepted) {
      responses.onNext(GenerateResponse.newBuilder().setAccepted(accepted).build());
    }

    @Override
    public void delta(Delta delta) {
      responses.onNext(GenerateResponse.newBuilder().setDelta(delta).build());
    }

    @Override
    public void finished(Finished finished) {
      responses.onNext(GenerateResponse.newBuilder().setFinished(finished).build());
    }

    @Override
    public void completed(Usage usage) {
      responses.onNext(GenerateResponse.newBuilder().setUsage(usage).build());
      responses.onCompleted();
    }

    @Override
    public void failed(BatonException why) {
      responses.onError(why.toStatus(requestId));
    }
  }
}
