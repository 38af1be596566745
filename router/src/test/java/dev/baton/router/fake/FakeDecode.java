package dev.baton.router.fake;

import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeServiceGrpc.DecodeServiceImplBase;
import dev.baton.proto.internal.v1.WorkerRole;
import io.grpc.BindableService;
import io.grpc.stub.StreamObserver;

/** A decode worker. */
public final class FakeDecode extends FakeWorker<DecodeProbe> {
  public FakeDecode(String id) {
    super(id, WorkerRole.WORKER_ROLE_DECODE);
  }

  @Override
  BindableService service() {
    return new DecodeServiceImplBase() {
      @Override
      public void decode(DecodeRequest request, StreamObserver<DecodeResponse> responses) {
        called(new DecodeProbe(request, responses));
      }
    };
  }
}
