package dev.baton.router.grpc;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.baton.cluster.process.GrpcServer;
import dev.baton.proto.v1.Chat;
import dev.baton.proto.v1.ChatMessage;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.ErrorDetail;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerateResponse.EventCase;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.GenerationServiceGrpc.GenerationServiceBlockingStub;
import dev.baton.proto.v1.ListModelsRequest;
import dev.baton.proto.v1.Model;
import dev.baton.proto.v1.Sampling;
import dev.baton.proto.v1.TokenIds;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.House;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.TestModel;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class GenerationDoorTest {
  private final House house = new House();
  private GrpcServer server;
  private ManagedChannel channel;
  private GenerationServiceBlockingStub stub;

  @BeforeEach
  void open() {
    server =
        GrpcServer.start(
            "127.0.0.1", 0, List.of(GenerationDoor.open(house.generations, house.workers)));
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
    stub = GenerationServiceGrpc.newBlockingStub(channel);
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    server.close();
    assertThat(house.generations.running()).isZero();
    house.close();
  }

  private static GenerateRequest text(String text) {
    return GenerateRequest.newBuilder().setText(text).setMaxTokens(10).build();
  }

  private static ErrorDetail detail(StatusRuntimeException e) {
    try {
      return StatusProto.fromThrowable(e).getDetails(0).unpack(ErrorDetail.class);
    } catch (InvalidProtocolBufferException cause) {
      throw new AssertionError(cause);
    }
  }

  /** The whole answer: an iterator that is left halfway keeps its messages' memory. */
  private List<GenerateResponse> answer(GenerateRequest request) {
    List<GenerateResponse> events = new ArrayList<>();
    stub.generate(request).forEachRemaining(events::add);
    return events;
  }

  private StatusRuntimeException failure(GenerateRequest request) {
    try {
      stub.generate(request).forEachRemaining(_ -> {});
    } catch (StatusRuntimeException e) {
      return e;
    }
    throw new AssertionError("no error");
  }

  @Test
  void streamHasAcceptedDeltasFinishedAndUsage() {
    house.answer(_ -> "a!");
    List<GenerateResponse> events = new ArrayList<>();
    stub.generate(text("x").toBuilder().setRequestId("id-1").build()).forEachRemaining(events::add);
    assertThat(events)
        .extracting(GenerateResponse::getEventCase)
        .containsExactly(
            EventCase.ACCEPTED,
            EventCase.DELTA,
            EventCase.DELTA,
            EventCase.FINISHED,
            EventCase.USAGE);
    assertThat(events.getFirst().getAccepted().getRequestId()).isEqualTo("id-1");
    assertThat(events.getFirst().getAccepted().getModel()).isEqualTo(TestModel.NAME);
    assertThat(events.getLast().getUsage().getRoute().getBytesMoved()).isEqualTo(House.BYTES);
  }

  @Test
  void seedIsDrawnAfreshWhenAbsentAndKeptWhenGiven() {
    house.answer(_ -> "x");
    long first = answer(text("x")).getFirst().getAccepted().getSeed();
    long second = answer(text("x")).getFirst().getAccepted().getSeed();
    assertThat(first).isNotEqualTo(second);
    GenerateRequest seeded =
        text("x").toBuilder().setSampling(Sampling.newBuilder().setSeed(-3)).build();
    assertThat(answer(seeded).getFirst().getAccepted().getSeed()).isEqualTo(-3);
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 0);
  }

  @Test
  void modelsAreListedWithTheirWorkers() {
    assertThat(stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsList())
        .containsExactly(
            Model.newBuilder()
                .setName(TestModel.NAME)
                .setContextTokens(TestModel.CONTEXT)
                .setPrefillWorkers(1)
                .setDecodeWorkers(1)
                .build());
  }

  @Test
  void cancellingTheCallCancelsBothWorkers() throws Exception {
    Context.CancellableContext context = Context.current().withCancellation();
    Iterator<GenerateResponse> events = context.call(() -> stub.generate(text("x")));
    DecodeProbe decode = house.decode.next();
    decode.reserved();
    PrefillProbe prefill = house.prefill.next();
    assertThat(events.next().hasAccepted()).isTrue();
    context.cancel(null);
    assertThat(decode.awaitCancelled()).isTrue();
    assertThat(prefill.awaitCancelled()).isTrue();
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 0);
  }

  @Test
  void clientThatNeverReadsIsNoObstacleForItsWorkersNorForOthers() throws Exception {
    house.answer(_ -> "a long answer ".repeat(20));
    List<GenerateResponse> read = new CopyOnWriteArrayList<>();
    var call = channel.newCall(GenerationServiceGrpc.getGenerateMethod(), CallOptions.DEFAULT);
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(GenerateResponse message) {
            read.add(message);
          }
        },
        new Metadata());
    call.sendMessage(text("x"));
    call.halfClose();
    await().atMost(10, SECONDS).until(() -> house.decode.calls() == 1);
    await().atMost(10, SECONDS).until(() -> house.generations.running() == 0);
    assertThat(read).isEmpty();
    assertThat(answer(text("y")).getFirst().hasAccepted()).isTrue();
    await().atMost(10, SECONDS).until(() -> house.generations.running() == 0);
    call.cancel("test", null);
  }

  @Test
  void deadlineOfTheCallIsTheRequests() throws Exception {
    Iterator<GenerateResponse> events =
        stub.withDeadlineAfter(400, TimeUnit.MILLISECONDS).generate(text("x"));
    DecodeProbe decode = house.decode.next();
    assertThat(decode.secondsLeft()).isZero();
    assertThatThrownBy(() -> events.forEachRemaining(_ -> {}))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED));
    assertThat(decode.awaitCancelled()).isTrue();
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 0);
  }

  @Test
  void keysAreTenantsAndTenantsHaveSaltsOfTheirOwn() throws Exception {
    List<ByteString> salts = new ArrayList<>();
    for (String header : new String[] {null, "Bearer one", "Bearer two", "Bearer one"}) {
      Metadata metadata = new Metadata();
      if (header != null) {
        metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), header);
      }
      Iterator<GenerateResponse> events =
          GenerationServiceGrpc.newBlockingStub(
                  ClientInterceptors.intercept(
                      channel, MetadataUtils.newAttachHeadersInterceptor(metadata)))
              .generate(text("x"));
      DecodeProbe decode = house.decode.next();
      salts.add(decode.request().getTenantSalt());
      decode.fail(Status.UNAVAILABLE);
      assertThatThrownBy(() -> events.forEachRemaining(_ -> {}))
          .isInstanceOf(StatusRuntimeException.class);
    }
    assertThat(salts.get(3)).isEqualTo(salts.get(1));
    assertThat(salts.subList(0, 3)).doesNotHaveDuplicates();
  }

  @Test
  void malformedAuthorizationIsRefusedWithoutRepeatingIt() {
    Metadata metadata = new Metadata();
    metadata.put(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "s3cret");
    StatusRuntimeException e =
        catchThrowableOfType(
            StatusRuntimeException.class,
            () ->
                GenerationServiceGrpc.newBlockingStub(
                        ClientInterceptors.intercept(
                            channel, MetadataUtils.newAttachHeadersInterceptor(metadata)))
                    .generate(text("x"))
                    .next());
    assertThat(detail(e).getField()).isEqualTo("authorization");
    assertThat(e.getMessage() + detail(e)).doesNotContain("s3cret");
  }

  static Stream<Arguments> badRequests() {
    ErrorCode invalid = ErrorCode.ERROR_CODE_INVALID_ARGUMENT;
    ErrorCode context = ErrorCode.ERROR_CODE_CONTEXT_LENGTH_EXCEEDED;
    return Stream.of(
        row("input", invalid, r -> r.clearText()),
        row("text", context, r -> r.setText("x".repeat(600))),
        row("max_tokens", context, r -> r.setMaxTokens(TestModel.CONTEXT)),
        row("max_tokens", context, r -> r.setMaxTokens(-1)),
        row("choices", invalid, r -> r.setChoices(17)),
        row("choices", invalid, r -> r.setChoices(-1)),
        row("logprobs", invalid, r -> r.setLogprobs(21)),
        row("stop[0]", invalid, r -> r.addStop("")),
        row("stop", invalid, r -> r.addAllStop(Collections.nCopies(17, "x"))),
        row("stop_token_ids[1]", invalid, r -> r.addStopTokenIds(1).addStopTokenIds(300)),
        row("stop_token_ids", invalid, r -> r.addAllStopTokenIds(Collections.nCopies(1025, 1))),
        row("tokens.ids", invalid, r -> r.setTokens(TokenIds.getDefaultInstance())),
        row("tokens.ids[1]", invalid, r -> r.setTokens(TokenIds.newBuilder().addIds(1).addIds(-1))),
        row("chat.messages", invalid, r -> r.setChat(Chat.getDefaultInstance())),
        row(
            "chat.messages[0].role",
            invalid,
            r -> r.setChat(Chat.newBuilder().addMessages(ChatMessage.newBuilder().setRole("x")))),
        row("request_id", invalid, r -> r.setRequestId("no spaces allowed")),
        row("model", ErrorCode.ERROR_CODE_MODEL_NOT_FOUND, r -> r.setModel("other")),
        sampling("temperature", s -> s.setTemperature(2.1)),
        sampling("temperature", s -> s.setTemperature(Double.NaN)),
        sampling("top_k", s -> s.setTopK(-1)),
        sampling("top_p", s -> s.setTopP(0)),
        sampling("min_p", s -> s.setMinP(-0.1)),
        sampling("repetition_penalty", s -> s.setRepetitionPenalty(0)),
        sampling("presence_penalty", s -> s.setPresencePenalty(-3)),
        sampling("frequency_penalty", s -> s.setFrequencyPenalty(Double.POSITIVE_INFINITY)));
  }

  private static Arguments row(
      String field, ErrorCode code, UnaryOperator<GenerateRequest.Builder> change) {
    return Arguments.of(field, code, change.apply(text("x").toBuilder()).build());
  }

  private static Arguments sampling(String field, UnaryOperator<Sampling.Builder> change) {
    return row(
        "sampling." + field,
        ErrorCode.ERROR_CODE_INVALID_ARGUMENT,
        r -> r.setSampling(change.apply(Sampling.newBuilder())));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badRequests")
  void badFieldIsNamedByItsPath(String field, ErrorCode code, GenerateRequest request) {
    StatusRuntimeException e = failure(request);
    assertThat(detail(e).getCode()).isEqualTo(code);
    assertThat(detail(e).getField()).isEqualTo(field);
    assertThat(detail(e).getRequestId()).isNotEmpty();
    assertThat(e.getStatus().getDescription()).startsWith(field);
    assertThat(house.decode.calls()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 10, 1000, 100_000})
  void garbageInsteadOfARequestIsATypedError(int length) {
    byte[] garbage = new byte[length];
    new Random(length).nextBytes(garbage);
    garbage[0] = (byte) 0xFF;
    MethodDescriptor.Marshaller<byte[]> raw =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(byte[] value) {
            return new ByteArrayInputStream(value);
          }

          @Override
          public byte[] parse(InputStream stream) {
            return new byte[0];
          }
        };
    MethodDescriptor<byte[], byte[]> method =
        GenerationServiceGrpc.getGenerateMethod().toBuilder(raw, raw).build();
    assertThatThrownBy(() ->
            ClientCalls.blockingServerStreamingCall(channel, method, CallOptions.DEFAULT, garbage)
                .forEachRemaining(_ -> {}))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(detail(e).getCode()).isEqualTo(ErrorCode.ERROR_CODE_INVALID_ARGUMENT));
    house.answer(_ -> "still here");
    assertThat(answer(text("x")).getFirst().hasAccepted()).isTrue();
    await().atMost(5, SECONDS).until(() -> house.generations.running() == 0);
  }

  @Test
  void garbageInsteadOfHttp2HarmsNobody() throws Exception {
    byte[] garbage = new byte[10_000];
    new Random(1).nextBytes(garbage);
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
      socket.setSoTimeout(10_000);
      socket.getOutputStream().write(garbage);
      socket.getOutputStream().flush();
      try {
        socket.getInputStream().readAllBytes();
      } catch (SocketException reset) {
        // As good as an end.
      }
    }
    assertThat(stub.listModels(ListModelsRequest.getDefaultInstance()).getModelsCount())
        .isEqualTo(1);
  }
}
