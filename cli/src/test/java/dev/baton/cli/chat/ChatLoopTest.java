package dev.baton.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.SamplingOptions;
import dev.baton.proto.v1.Accepted;
import dev.baton.proto.v1.ChatMessage;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerateResponse;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.Usage;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChatLoopTest {
  private final List<GenerateRequest> asked = new CopyOnWriteArrayList<>();
  private final CountDownLatch hanging = new CountDownLatch(1);
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
  private Server router;
  private BatonClient client;
  private ChatSession session;

  @BeforeEach
  void start() throws Exception {
    router =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .addService(new Echo())
            .build()
            .start();
    client = BatonClient.connect("127.0.0.1:" + router.getPort());
    session =
        new ChatSession(
            client,
            new ChatSettings("tiny", SamplingOptions.defaults().withSeed(7), 9),
            new PrintStream(shown, true, StandardCharsets.UTF_8));
  }

  @AfterEach
  void stop() {
    client.close();
    router.shutdownNow();
  }

  private int chat(boolean interactive, String input) throws Exception {
    return new ChatLoop(
            session,
            new BufferedReader(new StringReader(input)),
            new PrintStream(shown, true, StandardCharsets.UTF_8),
            interactive)
        .run();
  }

  private String shown() {
    return shown.toString(StandardCharsets.UTF_8);
  }

  @Test
  void conversationIsKeptFromTurnToTurn() throws Exception {
    assertThat(chat(false, "one\n\ntwo\n")).isZero();

    assertThat(shown()).isEqualTo("re: one\nre: two\n");
    assertThat(asked.getLast().getChat().getMessagesList())
        .extracting(ChatMessage::getContent)
        .containsExactly("one", "re: one", "two");
    assertThat(asked.getLast().getModel()).isEqualTo("tiny");
    assertThat(asked.getLast().getSampling().getSeed()).isEqualTo(7);
    assertThat(asked.getLast().getMaxTokens()).isEqualTo(9);
  }

  @Test
  void resetForgetsAndQuitEnds() throws Exception {
    assertThat(chat(false, "one\n/reset\ntwo\n/quit\nthree\n")).isZero();

    assertThat(asked).hasSize(2);
    assertThat(asked.getLast().getChat().getMessagesList())
        .extracting(ChatMessage::getContent)
        .containsExactly("two");
  }

  @Test
  void failedQuestionIsNotRepeatedWithTheNextOne() throws Exception {
    assertThat(chat(true, "fail\none\n")).isZero();

    assertThat(shown()).contains("error: no room").contains("re: one");
    assertThat(asked.getLast().getChat().getMessagesList())
        .extracting(ChatMessage::getContent)
        .containsExactly("one");
  }

  @Test
  void failureEndsAPipe() {
    assertThatThrownBy(() -> chat(false, "fail\none\n")).isInstanceOf(BatonException.class);
    assertThat(asked).hasSize(1);
  }

  @Test
  void cancelledAnswerIsKeptAsFarAsItCame() throws Exception {
    Thread interrupt =
        Thread.ofVirtual()
            .start(() -> {
              try {
                hanging.await();
                while (!shown().contains("so far")) {
                  Thread.onSpinWait();
                }
                session.cancelAnswer();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });

    chat(true, "hang\none\n");
    interrupt.join();

    assertThat(asked.getLast().getChat().getMessagesList())
        .extracting(ChatMessage::getContent)
        .containsExactly("hang", "so far", "one");
    assertThat(session.cancelAnswer()).isFalse();
  }

  /** Answers with the question; "fail" fails, "hang" stays silent after a few words. */
  private final class Echo extends GenerationServiceGrpc.GenerationServiceImplBase {
    @Override
    public void generate(GenerateRequest request, StreamObserver<GenerateResponse> out) {
      asked.add(request);
      String question = request.getChat().getMessagesList().getLast().getContent();
      if (question.equals("fail")) {
        out.onError(Status.RESOURCE_EXHAUSTED.withDescription("no room").asRuntimeException());
        return;
      }
      out.onNext(GenerateResponse.newBuilder().setAccepted(Accepted.getDefaultInstance()).build());
      boolean hang = question.equals("hang");
      out.onNext(
          GenerateResponse.newBuilder()
              .setDelta(Delta.newBuilder().setText(hang ? "so far" : "re: " + question))
              .build());
      if (hang) {
        hanging.countDown();
        return;
      }
      out.onNext(
          GenerateResponse.newBuilder()
              .setFinished(Finished.newBuilder().setReason(FinishReason.FINISH_REASON_STOP))
              .build());
      out.onNext(GenerateResponse.newBuilder().setUsage(Usage.getDefaultInstance()).build());
      out.onCompleted();
    }
  }
}
