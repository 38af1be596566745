package dev.baton.router.fake;

import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.internal.v1.PrefillServiceGrpc.PrefillServiceImplBase;
import dev.baton.proto.internal.v1.WorkerRole;
import io.grpc.BindableService;
import io.grpc.stub.StreamObserver;

/** A prefill worker. */
public final class FakePrefill extends FakeWorker<PrefillProbe> {
  public FakePrefill(String id) {
    super(id, WorkerRole.WORKER_ROLE_PREFILL);
  }

  @Override
  BindableService service() {
    return new PrefillServiceImplBase() {
      @Override
      public void prefill(PrefillRequest request, StreamObserver<PrefillResponse> responses) {
        called(new PrefillProbe(request, responses));
      }
    };
  }
}
