package dev.baton.router.fake;

import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillPhase;
import dev.baton.proto.internal.v1.PrefillProgress;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import io.grpc.stub.StreamObserver;

/** A call to a fake prefill worker. */
public final class PrefillProbe extends WorkerCallProbe<PrefillRequest, PrefillResponse> {
  PrefillProbe(PrefillRequest request, StreamObserver<PrefillResponse> responses) {
    super(request, responses);
  }

  public void progress() {
    send(
        PrefillResponse.newBuilder()
            .setProgress(
                PrefillProgress.newBuilder().setPhase(PrefillPhase.PREFILL_PHASE_COMPUTING))
            .build());
  }

  public void done(int cached) {
    done(account(cached));
  }

  /** Done, with what it took. */
  public void done(int cached, double joules) {
    done(account(cached).setJoules(joules));
  }

  private PrefillDone.Builder account(int cached) {
    return PrefillDone.newBuilder()
        .setCachedTokens(cached)
        .setComputedTokens(request().getPromptTokensCount() - cached)
        .setComputeUs(8500)
        .setTransferUs(4500)
        .setVisibleTransferUs(1250);
  }

  private void done(PrefillDone.Builder account) {
    send(PrefillResponse.newBuilder().setDone(account).build());
    complete();
  }
}
