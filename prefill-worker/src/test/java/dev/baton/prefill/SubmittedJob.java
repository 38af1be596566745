package dev.baton.prefill;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.proto.v1.SampledToken;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A job and what its listener heard. */
final class SubmittedJob implements PrefillListener {
  /** What a push does once everything is computed. */
  interface Push {
    void push(PrefillTask task, List<Block> blocks, List<SampledToken> firstTokens);
  }

  final PrefillJob job;
  final Push push;
  final CompletableFuture<PrefillAccount> ended = new CompletableFuture<>();
  volatile List<SampledToken> pushed = List.of();

  SubmittedJob(PrefillTask task, BlockPool pool, Push push) {
    this.push = push;
    this.job =
        new PrefillJob(
            task,
            pool,
            (t, blocks) ->
                new TestFlow(first -> {
                  pushed = first;
                  push.push(t, blocks, first);
                }),
            this,
            System::nanoTime);
  }

  void awaitPush() {
    try {
      ((TestPush) push).entered.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  void letPush() {
    ((TestPush) push).leave.countDown();
  }

  PrefillAccount done() {
    return ended.orTimeout(20, TimeUnit.SECONDS).join();
  }

  BatonException failure() {
    return (BatonException)
        ended.orTimeout(20, TimeUnit.SECONDS).handle((account, why) -> why).join();
  }

  @Override
  public void done(PrefillAccount account) {
    ended.complete(account);
  }

  @Override
  public void failed(BatonException why) {
    if (!ended.completeExceptionally(why)) {
      throw new IllegalStateException("ended twice");
    }
  }
}
