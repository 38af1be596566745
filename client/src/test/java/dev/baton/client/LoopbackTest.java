package dev.baton.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.netty.NettyServerBuilder;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.OptionalDouble;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class LoopbackTest {
  @Test
  void realConnectionCarriesTheKeyListsModelsAndAnswers() throws Exception {
    BlockingQueue<String> keys = new LinkedBlockingQueue<>();
    ServerInterceptor recorder =
        new ServerInterceptor() {
          @Override
          public <Q, R> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
            keys.add(
                headers.get(Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER)));
            return next.startCall(call, headers);
          }
        };
    try (FakeRouter router = new FakeRouter()) {
      router.answers(FakeRouter.wholeAnswer(300), end -> end.onCompleted());
      Server server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(router)
              .intercept(recorder)
              .build()
              .start();
      try (BatonClient client =
          BatonClient.builder("127.0.0.1:" + server.getPort()).apiKey("secret").build()) {
        assertThat(client.models())
            .containsExactly(
                new Model("tiny", 512, 1, 2, OptionalDouble.empty(), OptionalDouble.of(8.5)));
        assertThat(client.generate(GenerationRequest.text("x").build()).usage().completionTokens())
            .isEqualTo(300);
        assertThat(keys).containsExactly("Bearer secret", "Bearer secret");
      } finally {
        server.shutdownNow();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "localhost", "localhost:", "localhost:0", ":7070", "::1:7070", "a:b"})
  void targetThatIsNoEndpointIsRefused(String target) {
    assertThatThrownBy(() -> BatonClient.connect(target))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected host:port");
  }

  @Test
  void bracketsOfAnIpv6AddressAreTakenOff() {
    assertThat(Endpoint.parse("[::1]:7070")).isEqualTo(new Endpoint("::1", 7070));
  }
}
