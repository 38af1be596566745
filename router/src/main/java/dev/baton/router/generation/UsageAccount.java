package dev.baton.router.generation;

import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.v1.Route;
import dev.baton.proto.v1.Usage;
import java.util.Optional;

/** The account that a client gets of its request. */
final class UsageAccount {
  private UsageAccount() {}

  /**
   * What was used: every token of the answers once, however many workers wrote them, and the way of
   * the last leg; none where the client had everything.
   */
  static Usage of(SettledRequest request, Answers answers, Optional<Leg> last, Account account) {
    Usage.Builder usage =
        Usage.newBuilder()
            .setPromptTokens(request.prompt().length)
            .setCompletionTokens(answers.tokens());
    last.ifPresent(leg -> {
      usage.setCachedTokens(cachedTokens(request, leg));
      usage.setRoute(route(leg, account));
    });
    return usage.build();
  }

  private static Route route(Leg leg, Account account) {
    PrefillDone done = leg.done();
    return Route.newBuilder()
        .setPrefillWorker(leg.reader().id())
        .setDecodeWorker(leg.writer().id())
        .setBlocksMoved(leg.arrived().getBlocksMoved())
        .setBlocksPresent(leg.arrived().getBlocksPresent())
        .setBytesMoved(leg.arrived().getBytesMoved())
        .setLocalPrefill(leg.isLocal())
        .setPulledTokens(done.getPulledTokens())
        .setTransferUs(done.getTransferUs())
        .setVisibleTransferUs(done.getVisibleTransferUs())
        .setQueueUs(
            account.queue().map(queue -> queue.toNanos() / 1000).orElse(0L) + done.getQueueUs())
        .setPrefillUs(done.getComputeUs())
        .build();
  }

  /** A later leg reads tokens of the answer besides, and may find them, too. */
  private static int cachedTokens(SettledRequest request, Leg last) {
    return last.part().delivered().length == 0
        ? last.cachedTokens()
        : Math.min(last.cachedTokens(), request.prompt().length);
  }
}
