package dev.baton.router.generation;

import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.v1.Route;
import dev.baton.proto.v1.Usage;

/** The account that a client gets of its request. */
final class UsageAccount {
  private UsageAccount() {}

  /**
   * What was used: every token of the answers once, however many workers wrote them, and the way of
   * the last leg.
   */
  static Usage of(SettledRequest request, Answers answers, Leg last, Account account) {
    PrefillDone done = last.done();
    return Usage.newBuilder()
        .setPromptTokens(request.prompt().length)
        .setCachedTokens(cachedTokens(request, last))
        .setCompletionTokens(answers.tokens())
        .setRoute(
            Route.newBuilder()
                .setPrefillWorker(last.reader().id())
                .setDecodeWorker(last.writer().id())
                .setBlocksMoved(last.arrived().getBlocksMoved())
                .setBlocksPresent(last.arrived().getBlocksPresent())
                .setBytesMoved(last.arrived().getBytesMoved())
                .setLocalPrefill(last.isLocal())
                .setPulledTokens(done.getPulledTokens())
                .setTransferUs(done.getTransferUs())
                .setVisibleTransferUs(done.getVisibleTransferUs())
                .setQueueUs(
                    account.queue().map(queue -> queue.toNanos() / 1000).orElse(0L)
                        + done.getQueueUs())
                .setPrefillUs(done.getComputeUs()))
        .build();
  }

  /** A later leg reads tokens of the answer besides, and may find them, too. */
  private static int cachedTokens(SettledRequest request, Leg last) {
    return last.part().delivered().length == 0
        ? last.cachedTokens()
        : Math.min(last.cachedTokens(), request.prompt().length);
  }
}
