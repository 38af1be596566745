package dev.baton.cluster.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.ErrorCode;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class EventStreamTest {
  private final Caller caller = new Caller();
  private final EventStream<String> events = new EventStream<>(caller);

  @Test
  void nothingFollowsTheEnd() {
    events.send("one");
    events.complete("last");
    events.send("two");

    assertThat(caller.heard).containsExactly("one", "last", "completed");
  }

  @Test
  void callerHearsWhyItFailed() {
    events.fail(BatonException.draining(), "r-1");

    assertThat(caller.heard).containsExactly(ErrorCode.ERROR_CODE_DRAINING);
  }

  @Test
  void streamThatBrokeIsNotNoticed() {
    caller.broken = true;

    events.send("one");
    events.complete("last");

    assertThat(caller.heard).isEmpty();
  }

  @Test
  void heartbeatEndsWithTheStream() {
    CompletableFuture<Void> before = new CompletableFuture<>();
    events.beatBy(before);
    assertThat(before).isNotCancelled();

    events.complete();
    assertThat(before).isCancelled();

    CompletableFuture<Void> after = new CompletableFuture<>();
    events.beatBy(after);
    assertThat(after).isCancelled();
  }

  /** Remembers what it heard, until its stream breaks. */
  private static final class Caller extends ServerCallStreamObserver<String> {
    private final List<Object> heard = new ArrayList<>();
    private boolean broken;

    private void hear(Object event) {
      if (broken) {
        throw new IllegalStateException("call is closed");
      }
      heard.add(event);
    }

    @Override
    public void onNext(String event) {
      hear(event);
    }

    @Override
    public void onError(Throwable thrown) {
      hear(BatonException.from(thrown).code());
    }

    @Override
    public void onCompleted() {
      hear("completed");
    }

    @Override
    public boolean isCancelled() {
      return false;
    }

    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public void setOnCancelHandler(Runnable handler) {}

    @Override
    public void setOnReadyHandler(Runnable handler) {}

    @Override
    public void setCompression(String compression) {}

    @Override
    public void disableAutoInboundFlowControl() {}

    @Override
    public void request(int count) {}

    @Override
    public void setMessageCompression(boolean enable) {}
  }
}
