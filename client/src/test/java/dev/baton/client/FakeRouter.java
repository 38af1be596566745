package dev.baton.client;

import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.ListModelsRequest;
import dev.baton.proto.v1.ListModelsResponse;
import dev.baton.proto.v1.Model;
import dev.baton.proto.v1.Route;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.Usage;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * A router that answers from a script. It sends an event only while gRPC says that the client wants
 * one, so {@link #sent} counts what the client's flow control let through.
 */
final class FakeRouter extends GenerationServiceGrpc.GenerationServiceImplBase
    implements AutoCloseable {
  final BlockingQueue<GenerateRequest> requests = new LinkedBlockingQueue<>();
  final AtomicInteger sent = new AtomicInteger();
  final CountDownLatch cancelled = new CountDownLatch(1);
  final AtomicInteger reconnects = new AtomicInteger();

  private final String name = UUID.randomUUID().toString();
  private final Server server;
  private volatile List<GenerateResponse> script = List.of();
  private volatile Consumer<StreamObserver<GenerateResponse>> end = StreamObserver::onCompleted;

  FakeRouter() throws IOException {
    this.server = InProcessServerBuilder.forName(name).addService(this).build().start();
  }

  BatonClient client() {
    return client(this);
  }

  /** A client of several routers. */
  static BatonClient client(FakeRouter... routers) {
    return new BatonClient(
        Stream.of(routers).map(FakeRouter::connection).toList(),
        null,
        Duration.ofSeconds(30),
        () -> {});
  }

  /** Counts how often it was to try again at once. */
  private ManagedChannel connection() {
    return new ForwardingConnection(
        InProcessChannelBuilder.forName(name).build(), reconnects::incrementAndGet);
  }

  /** What to send, and how to end. */
  void answers(List<GenerateResponse> events, Consumer<StreamObserver<GenerateResponse>> howToEnd) {
    script = events;
    end = howToEnd;
  }

  /** Sends these and then stays silent until the client leaves. */
  void answersAndHangs(List<GenerateResponse> events) {
    answers(events, silent -> {});
  }

  @Override
  public void generate(GenerateRequest request, StreamObserver<GenerateResponse> responses) {
    requests.add(request);
    var call = (ServerCallStreamObserver<GenerateResponse>) responses;
    call.setOnCancelHandler(cancelled::countDown);
    List<GenerateResponse> left = new ArrayList<>(script);
    Runnable pump =
        () -> {
          while (!left.isEmpty() && call.isReady()) {
            sent.incrementAndGet();
            call.onNext(left.removeFirst());
            if (left.isEmpty()) {
              end.accept(call);
            }
          }
        };
    if (left.isEmpty()) {
      end.accept(call);
    }
    call.setOnReadyHandler(pump);
  }

  @Override
  public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> responses) {
    responses.onNext(
        ListModelsResponse.newBuilder()
            .addModels(
                Model.newBuilder()
                    .setName("tiny")
                    .setContextTokens(512)
                    .setPrefillWorkers(1)
                    .setDecodeWorkers(2)
                    .setJoules(8.5))
            .build());
    responses.onCompleted();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  /** Accepted, {@code deltas} tokens of one choice, Finished, Usage. */
  static List<GenerateResponse> wholeAnswer(int deltas) {
    List<GenerateResponse> events = new ArrayList<>();
    events.add(accepted());
    for (int i = 0; i < deltas; i++) {
      events.add(delta(0, i, "t" + i + " "));
    }
    events.add(finished(0));
    events.add(usage(deltas));
    return events;
  }

  static GenerateResponse accepted() {
    return GenerateResponse.newBuilder()
        .setAccepted(
            Accepted.newBuilder()
                .setRequestId("r1")
                .setModel("tiny")
                .setSeed(-7)
                .setPromptTokens(5))
        .build();
  }

  static GenerateResponse delta(int choice, int token, String text) {
    return GenerateResponse.newBuilder()
        .setDelta(
            Delta.newBuilder()
                .setChoice(choice)
                .addTokens(SampledToken.newBuilder().setId(token))
                .setText(text))
        .build();
  }

  static GenerateResponse finished(int choice) {
    return GenerateResponse.newBuilder()
        .setFinished(
            Finished.newBuilder()
                .setChoice(choice)
                .setReason(dev.baton.proto.v1.FinishReason.FINISH_REASON_LENGTH))
        .build();
  }

  static GenerateResponse usage(int completion) {
    return GenerateResponse.newBuilder()
        .setUsage(
            Usage.newBuilder()
                .setPromptTokens(5)
                .setCachedTokens(2)
                .setCompletionTokens(completion)
                .setRoute(
                    Route.newBuilder()
                        .setPrefillWorker("p")
                        .setDecodeWorker("d")
                        .setBlocksMoved(3)
                        .setBlocksPresent(1)
                        .setBytesMoved(4096)
                        .setTransferUs(7000)
                        .setVisibleTransferUs(2000)
                        .setQueueUs(3000)
                        .setPrefillUs(4000)
                        .setAdmissionUs(1000)
                        .setPredictedTtftUs(17_000)
                        .setPredictedTpotUs(2000)
                        .setPrefillJoules(12.5)))
        .build();
  }
}
