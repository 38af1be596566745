package dev.baton.router.generation;

import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.v1.Route;
import dev.baton.proto.v1.Usage;
import java.time.Duration;
import java.util.Optional;

/** The account that a client gets of its request. */
final class UsageAccount {
  private UsageAccount() {}

  /**
   * What was used: every token of the answers once, however many workers wrote them, and the way of
   * the last leg; none where the client had everything. Energy is what all workers said.
   */
  static Usage of(
      SettledRequest request,
      Answers answers,
      Optional<Leg> last,
      Account account,
      RequestEnergy energy) {
    Usage.Builder usage =
        Usage.newBuilder()
            .setPromptTokens(request.prompt().length)
            .setCompletionTokens(answers.tokens());
    last.ifPresent(leg -> {
      usage.setCachedTokens(cachedTokens(request, leg));
      Route.Builder route = route(leg, account);
      energy.write(route);
      usage.setRoute(route);
    });
    return usage.build();
  }

  private static Route.Builder route(Leg leg, Account account) {
    PrefillDone done = leg.done();
    Route.Builder route =
        Route.newBuilder()
            .setPrefillWorker(leg.reader().id())
            .setDecodeWorker(leg.writer().id())
            .setBlocksMoved(leg.arrived().getBlocksMoved())
            .setBlocksPresent(leg.arrived().getBlocksPresent())
            .setBytesMoved(leg.arrived().getBytesMoved())
            .setLocalPrefill(leg.isLocal())
            .setPulledTokens(done.getPulledTokens())
            .setTransferUs(done.getTransferUs())
            .setVisibleTransferUs(done.getVisibleTransferUs())
            .setAdmissionUs(account.admission().map(UsageAccount::micros).orElse(0L))
            .setQueueUs(account.queue().map(UsageAccount::micros).orElse(0L) + done.getQueueUs())
            .setPrefillUs(done.getComputeUs());
    leg.assignment()
        .placed()
        .predicted()
        .ifPresent(predicted ->
            route
                .setPredictedTtftUs(Math.round(predicted.ttftSeconds() * 1e6))
                .setPredictedTpotUs(Math.round(predicted.tpotSeconds() * 1e6)));
    return route;
  }

  private static long micros(Duration time) {
    return time.toNanos() / 1000;
  }

  /** A later leg reads tokens of the answer besides, and may find them, too. */
  private static int cachedTokens(SettledRequest request, Leg last) {
    return last.part().delivered().length == 0
        ? last.cachedTokens()
        : Math.min(last.cachedTokens(), request.prompt().length);
  }
}
