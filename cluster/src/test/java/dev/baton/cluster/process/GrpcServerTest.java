package dev.baton.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.error.StartException;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.ListModelsRequest;
import dev.baton.proto.v1.ListModelsResponse;
import dev.baton.proto.v1.Model;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.protobuf.StatusProto;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.reflection.v1.ServiceResponse;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

@Timeout(value = 60, threadMode = ThreadMode.SEPARATE_THREAD)
class GrpcServerTest {
  private static final int MAX_MESSAGE_BYTES = 4096;

  /** A service that does what the test says. */
  private static final class Scripted extends GenerationServiceGrpc.GenerationServiceImplBase {
    private final AtomicReference<Consumer<StreamObserver<ListModelsResponse>>> models =
        new AtomicReference<>(out -> {
          out.onNext(
              ListModelsResponse.newBuilder().addModels(Model.newBuilder().setName("m")).build());
          out.onCompleted();
        });
    private final AtomicReference<Consumer<StreamObserver<GenerateResponse>>> answers =
        new AtomicReference<>(StreamObserver::onCompleted);

    @Override
    public void listModels(ListModelsRequest request, StreamObserver<ListModelsResponse> out) {
      models.get().accept(out);
    }

    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> out) {
      answers.get().accept(out);
    }
  }

  private final Scripted service = new Scripted();
  private GrpcServer server;
  private ManagedChannel channel;

  @BeforeEach
  void start() {
    server = GrpcServer.start("127.0.0.1", 0, List.of(service), MAX_MESSAGE_BYTES);
    channel = Channels.to(server);
  }

  @AfterEach
  void stop() {
    channel.shutdownNow();
    server.close(Duration.ZERO);
  }

  private ListModelsResponse listModels() {
    return GenerationServiceGrpc.newBlockingStub(channel)
        .listModels(ListModelsRequest.getDefaultInstance());
  }

  private static BatonException failure(Runnable call) {
    StatusRuntimeException thrown = assertThrows(StatusRuntimeException.class, call::run);
    assertThat(StatusProto.fromThrowable(thrown).getDetailsList()).hasSize(1);
    return BatonException.from(thrown);
  }

  private ServingStatus health(String name) {
    return HealthGrpc.newBlockingStub(channel)
        .check(HealthCheckRequest.newBuilder().setService(name).build())
        .getStatus();
  }

  @Test
  void healthServesOverallAndByService() {
    assertThat(health("")).isEqualTo(ServingStatus.SERVING);
    assertThat(health("baton.v1.GenerationService")).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void healthWatcherHearsOfTheShutdown() throws Exception {
    Iterator<HealthCheckResponse> states =
        HealthGrpc.newBlockingStub(channel).watch(HealthCheckRequest.getDefaultInstance());
    assertThat(states.next().getStatus()).isEqualTo(ServingStatus.SERVING);
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    service.models.set(out -> {
      entered.countDown();
      waitFor(leave);
      out.onNext(ListModelsResponse.getDefaultInstance());
      out.onCompleted();
    });
    CompletableFuture<ListModelsResponse> running =
        CompletableFuture.supplyAsync(this::listModels, Thread::startVirtualThread);
    waitFor(entered);

    CompletableFuture<Void> closing =
        CompletableFuture.runAsync(
            () -> server.close(Duration.ofSeconds(30)), Thread::startVirtualThread);

    assertThat(states.next().getStatus()).isEqualTo(ServingStatus.NOT_SERVING);
    leave.countDown();
    assertThat(running.get(10, TimeUnit.SECONDS))
        .isEqualTo(ListModelsResponse.getDefaultInstance());
    closing.get(10, TimeUnit.SECONDS);
  }

  private static void waitFor(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void closeEndsACallThatOutlivesTheGrace() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    service.answers.set(out -> {
      Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
      entered.countDown();
    });
    CompletableFuture<Throwable> end = new CompletableFuture<>();
    GenerationServiceGrpc.newStub(channel)
        .generate(
            GenerateRequest.getDefaultInstance(),
            new StreamObserver<>() {
              @Override
              public void onNext(GenerateResponse response) {}

              @Override
              public void onError(Throwable thrown) {
                end.complete(thrown);
              }

              @Override
              public void onCompleted() {
                end.complete(new AssertionError("completed"));
              }
            });
    waitFor(entered);

    server.close(Duration.ofMillis(10));

    assertThat(end.get(10, TimeUnit.SECONDS)).isInstanceOf(StatusRuntimeException.class);
    waitFor(cancelled);
  }

  @Test
  void reflectionListsTheServicesAndDescribesThem() throws Exception {
    ServerReflectionResponse listed =
        reflect(ServerReflectionRequest.newBuilder().setListServices("").build());
    assertThat(listed.getListServicesResponse().getServiceList())
        .extracting(ServiceResponse::getName)
        .contains(
            "baton.v1.GenerationService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1.ServerReflection");

    ServerReflectionResponse described =
        reflect(
            ServerReflectionRequest.newBuilder()
                .setFileContainingSymbol("baton.v1.GenerationService.Generate")
                .build());
    assertThat(described.getFileDescriptorResponse().getFileDescriptorProtoCount()).isPositive();
  }

  private ServerReflectionResponse reflect(ServerReflectionRequest request) throws Exception {
    CompletableFuture<ServerReflectionResponse> answer = new CompletableFuture<>();
    StreamObserver<ServerReflectionRequest> requests =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse response) {
                    answer.complete(response);
                  }

                  @Override
                  public void onError(Throwable thrown) {
                    answer.completeExceptionally(thrown);
                  }

                  @Override
                  public void onCompleted() {}
                });
    requests.onNext(request);
    ServerReflectionResponse response = answer.get(10, TimeUnit.SECONDS);
    requests.onCompleted();
    return response;
  }

  @Test
  void typedErrorThatAHandlerThrowsArrivesWithTheRequestId() {
    service.models.set(out -> {
      try (RequestScope scope = RequestScope.open("r-9")) {
        out.onError(BatonException.modelNotFound("x", List.of("m")));
      }
    });

    StatusRuntimeException thrown = assertThrows(StatusRuntimeException.class, this::listModels);

    assertThat(thrown.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
    assertThat(BatonException.from(thrown).value()).isEqualTo("x");
    assertThat(StatusProto.fromThrowable(thrown).getDetails(0).toString()).contains("r-9");
  }

  @Test
  void unknownExceptionThatAHandlerThrowsTellsNothing() {
    service.models.set(out -> {
      throw new IllegalStateException("secret");
    });

    BatonException why = failure(this::listModels);

    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);
    assertThat(why.getMessage()).doesNotContain("secret").doesNotContain("IllegalState");
    assertThat(health("")).isEqualTo(ServingStatus.SERVING);
  }

  @Test
  void unknownExceptionThatAHandlerPassesOnTellsNothing() {
    service.models.set(out -> out.onError(new OutOfMemoryError("secret")));

    BatonException why = failure(this::listModels);

    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_INTERNAL);
    assertThat(why.getMessage()).doesNotContain("secret");
  }

  @Test
  void handlerThatThrowsAfterItsAnswerDoesNotSpoilIt() {
    Consumer<StreamObserver<ListModelsResponse>> good = service.models.get();
    service.models.set(out -> {
      good.accept(out);
      throw new IllegalStateException("late");
    });

    assertThat(listModels().getModels(0).getName()).isEqualTo("m");
  }

  @Test
  void garbageBytesGetATypedError() {
    MethodDescriptor<byte[], ListModelsResponse> raw =
        MethodDescriptor.<byte[], ListModelsResponse>newBuilder()
            .setType(MethodDescriptor.MethodType.UNARY)
            .setFullMethodName(GenerationServiceGrpc.getListModelsMethod().getFullMethodName())
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(ProtoUtils.marshaller(ListModelsResponse.getDefaultInstance()))
            .build();

    BatonException why =
        failure(() ->
            ClientCalls.blockingUnaryCall(
                channel, raw, CallOptions.DEFAULT, new byte[] {-1, -1, -1, -1}));

    assertThat(why.code()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT);
    assertThat(why.getMessage()).contains("baton.v1.GenerationService/ListModels");
    assertThat(listModels().getModelsCount()).isEqualTo(1);
  }

  private static final class Bytes implements MethodDescriptor.Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      throw new UnsupportedOperationException();
    }
  }

  @Test
  void tooLargeMessageIsRefusedAndTheServerLives() {
    GenerateRequest large =
        GenerateRequest.newBuilder().setText("x".repeat(MAX_MESSAGE_BYTES)).build();

    assertThatThrownBy(
            () -> GenerationServiceGrpc.newBlockingStub(channel).generate(large).hasNext())
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
    assertThat(listModels().getModelsCount()).isEqualTo(1);
  }

  @Test
  void cancelReachesTheHandler() {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    service.answers.set(out -> {
      Context.current().addListener(context -> cancelled.countDown(), Runnable::run);
      entered.countDown();
    });
    ClientCall<GenerateRequest, GenerateResponse> call =
        channel.newCall(GenerationServiceGrpc.getGenerateMethod(), CallOptions.DEFAULT);
    call.start(new ClientCall.Listener<>() {}, new Metadata());
    call.sendMessage(GenerateRequest.getDefaultInstance());
    call.halfClose();
    waitFor(entered);

    call.cancel("gone", null);

    waitFor(cancelled);
  }

  @Test
  void handlersRunOnVirtualThreads() {
    AtomicReference<Boolean> virtual = new AtomicReference<>();
    Consumer<StreamObserver<ListModelsResponse>> good = service.models.get();
    service.models.set(out -> {
      virtual.set(Thread.currentThread().isVirtual());
      good.accept(out);
    });

    listModels();

    assertThat(virtual.get()).isTrue();
  }

  @Test
  void takenPortIsNamed() {
    assertThatThrownBy(() -> GrpcServer.start("127.0.0.1", server.port(), List.of()))
        .isInstanceOfSatisfying(
            StartException.class,
            e -> assertThat(e.reason()).isEqualTo(StartException.Reason.CANNOT_BIND))
        .hasMessageContaining("gRPC port 127.0.0.1:" + server.port());
  }
}
