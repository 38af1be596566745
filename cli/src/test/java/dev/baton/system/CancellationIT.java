package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.local.LocalPorts;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.Sampling;
import dev.baton.proto.v1.TokenIds;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A client that leaves, in whichever phase, leaves nothing behind on either worker. */
class CancellationIT {
  private static final int LONG_PROMPT = 6000;

  private static StallingProxy proxy;
  private static SystemCluster cluster;
  private static ManagedChannel channel;

  @BeforeAll
  static void start() throws IOException {
    // What the worker says of itself is the proxy's port: its own is chosen here.
    int kvPort = LocalPorts.free();
    proxy = new StallingProxy(kvPort);
    cluster =
        SystemCluster.start(
            SystemCluster.SLOW,
            List.of(),
            List.of(
                "--kv-port",
                Integer.toString(kvPort),
                "--advertised-kv-endpoint",
                "127.0.0.1:" + proxy.port()),
            List.of());
    channel =
        NettyChannelBuilder.forAddress("127.0.0.1", cluster.grpcPort()).usePlaintext().build();
  }

  @AfterAll
  static void stop() throws IOException {
    channel.shutdownNow();
    cluster.close();
    proxy.close();
  }

  @AfterEach
  void everyBlockAndHandoffReturnsToZeroAndBothWorkersGoOn() {
    Awaitility.await("blocks, handoffs and requests return to zero")
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> {
          assertThat(SystemCluster.blocksUsed(cluster.prefill())).isZero();
          assertThat(SystemCluster.blocksUsed(cluster.decode())).isZero();
          assertThat(SystemCluster.metric(cluster.decode(), "baton_handoffs_active")).isZero();
        });
    proxy.allowAll();
    List<GenerateResponse> answer = new ArrayList<>();
    GenerationServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(1, TimeUnit.MINUTES)
        .generate(request(20, 3))
        .forEachRemaining(answer::add);
    assertThat(answer.getLast().getUsage().getCompletionTokens()).isEqualTo(3);
  }

  @Test
  void cancelInPrefill() throws Exception {
    proxy.allowAll();
    Call call = Call.start(request(LONG_PROMPT, 50));
    awaitBlocks(cluster.prefill());
    assertThat(SystemCluster.metric(cluster.prefill(), "baton_running_requests")).isPositive();

    call.cancel();
  }

  @Test
  void cancelInTransfer() throws Exception {
    // Enough for the connection's preface and the Open, and some frames: then the wire goes silent.
    proxy.allow(300_000);
    Call call = Call.start(request(2000, 50));
    Awaitility.await("the wire is full").atMost(Duration.ofSeconds(60)).until(proxy::holding);
    assertThat(SystemCluster.blocksUsed(cluster.decode())).isPositive();

    call.cancel();
  }

  @Test
  void cancelInDecode() throws Exception {
    proxy.allowAll();
    Call call = Call.start(request(40, 4000));
    call.awaitTokens(5);
    assertThat(SystemCluster.blocksUsed(cluster.decode())).isPositive();

    call.cancel();
  }

  @Test
  void httpClientThatHangsUpIsACancel() throws Exception {
    proxy.allowAll();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), cluster.httpPort())) {
      String body =
          "{\"model\":\"%s\",\"prompt\":\"hello\",\"max_tokens\":4000,\"ignore_eos\":true}"
              .formatted(cluster.model());
      socket
          .getOutputStream()
          .write(
              "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                  .formatted(body.length(), body)
                  .getBytes(StandardCharsets.US_ASCII));
      awaitBlocks(cluster.decode());
    }
  }

  private static void awaitBlocks(BatonProcess worker) {
    Awaitility.await("blocks in use on " + worker.pid())
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> SystemCluster.blocksUsed(worker) > 0);
  }

  private static GenerateRequest request(int promptTokens, int max) {
    return GenerateRequest.newBuilder()
        .setModel(cluster.model())
        .setTokens(
            TokenIds.newBuilder()
                .addAllIds(
                    IntStream.range(0, promptTokens)
                        .mapToObj(i -> (i * 31 + promptTokens) % 900)
                        .toList()))
        .setSampling(Sampling.newBuilder().setTemperature(0))
        .setMaxTokens(max)
        .setIgnoreEos(true)
        .build();
  }

  /** A running call whose client may leave. */
  private static final class Call {
    private final Context.CancellableContext context = Context.current().withCancellation();
    private final BlockingQueue<GenerateResponse> events = new LinkedBlockingQueue<>();

    static Call start(GenerateRequest request) {
      Call call = new Call();
      call.context.run(() ->
          GenerationServiceGrpc.newStub(channel)
              .generate(
                  request,
                  new StreamObserver<>() {
                    @Override
                    public void onNext(GenerateResponse event) {
                      call.events.add(event);
                    }

                    @Override
                    public void onError(Throwable expected) {}

                    @Override
                    public void onCompleted() {}
                  }));
      return call;
    }

    void awaitTokens(int count) throws InterruptedException {
      for (int seen = 0; seen < count; ) {
        GenerateResponse event = events.poll(1, TimeUnit.MINUTES);
        assertThat(event).as("an event within a minute").isNotNull();
        seen += event.getDelta().getTokensCount();
      }
    }

    void cancel() {
      context.cancel(null);
    }
  }
}
