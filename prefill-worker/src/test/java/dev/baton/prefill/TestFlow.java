package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.PushTimes;
import dev.baton.proto.v1.SampledToken;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;

/** Waits for the end of computing, then does what the test says. */
final class TestFlow implements KvPush.Flow {
  private final CompletableFuture<List<SampledToken>> computed = new CompletableFuture<>();
  private final Consumer<List<SampledToken>> push;

  TestFlow(Consumer<List<SampledToken>> push) {
    this.push = push;
  }

  @Override
  public void ready(int layer, int tokens) {}

  @Override
  public void computed(List<SampledToken> firstTokens) {
    computed.complete(firstTokens);
  }

  @Override
  public PushTimes run() {
    try {
      push.accept(computed.get());
    } catch (InterruptedException | ExecutionException e) {
      throw BatonException.workerLost("interrupted", "interrupted");
    }
    return new PushTimes(new HandoffReceipt(0, 0, 0), 0, 0, List.of(), 0);
  }
}
