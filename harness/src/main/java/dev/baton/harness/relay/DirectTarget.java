package dev.baton.harness.relay;

import dev.baton.harness.load.AnswerListener;
import dev.baton.harness.load.Ask;
import dev.baton.harness.load.FleetFacts;
import dev.baton.harness.load.RequestFailure;
import dev.baton.harness.load.Target;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeServiceGrpc;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.internal.v1.PrefillServiceGrpc;
import dev.baton.proto.internal.v1.Ticket;
import io.grpc.ManagedChannel;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.stub.StreamObserver;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The stub workers without a router between: does what a router must do for any answer (decode,
 * then prefill, then listen), and nothing else.
 */
public final class DirectTarget implements Target {
  private final ManagedChannel decode;
  private final ManagedChannel prefill;
  private final AtomicLong handoffs = new AtomicLong();

  /** Two connections, to host:port each. */
  public DirectTarget(String decodeEndpoint, String prefillEndpoint) {
    this.decode = channel(decodeEndpoint);
    this.prefill = channel(prefillEndpoint);
  }

  private static ManagedChannel channel(String endpoint) {
    return NettyChannelBuilder.forTarget(endpoint)
        .usePlaintext()
        .proxyDetector(_ -> null)
        .directExecutor()
        .build();
  }

  @Override
  public FleetFacts fleet() {
    return FleetFacts.UNKNOWN;
  }

  @Override
  public boolean countsTokens() {
    return true;
  }

  @Override
  public Prepared prepare(Ask ask) {
    Ticket ticket = Ticket.newBuilder().setHandoffId(handoffs.incrementAndGet()).build();
    DecodeRequest decodes =
        DecodeRequest.newBuilder().setTicket(ticket).setMaxTokens(ask.outputTokens()).build();
    PrefillRequest prefills = PrefillRequest.newBuilder().setTicket(ticket).build();
    return listener ->
        DecodeServiceGrpc.newStub(decode)
            .decode(decodes, new Decoding(listener, prefill, prefills));
  }

  @Override
  public void close() {
    decode.shutdownNow();
    prefill.shutdownNow();
  }

  private record Decoding(AnswerListener listener, ManagedChannel prefill, PrefillRequest request)
      implements StreamObserver<DecodeResponse> {
    @Override
    public void onNext(DecodeResponse response) {
      switch (response.getEventCase()) {
        case RESERVED ->
            PrefillServiceGrpc.newStub(prefill).prefill(request, new Prefilling(listener));
        case TOKENS -> listener.more(response.getTokens().getTokensCount(), true);
        case FINISHED -> listener.finished();
        case WAITING, KV_ARRIVED, PROMPT_COMPUTED, EVENT_NOT_SET -> {}
      }
    }

    @Override
    public void onError(Throwable failure) {
      listener.failed(failure(failure));
    }

    @Override
    public void onCompleted() {
      listener.completed();
    }
  }

  /** Of a prefill only its failure matters: the decode worker says the rest. */
  private record Prefilling(AnswerListener listener) implements StreamObserver<PrefillResponse> {
    @Override
    public void onNext(PrefillResponse response) {}

    @Override
    public void onError(Throwable failure) {
      listener.failed(failure(failure));
    }

    @Override
    public void onCompleted() {}
  }

  private static RequestFailure failure(Throwable failure) {
    return new RequestFailure(
        io.grpc.Status.fromThrowable(failure).getCode().name().toLowerCase(Locale.ROOT),
        failure.toString());
  }
}
