package dev.baton.router.fake;

import dev.baton.proto.internal.v1.ChoiceFinished;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeReserved;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeWaiting;
import dev.baton.proto.internal.v1.DecodedTokens;
import dev.baton.proto.internal.v1.KvArrived;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import io.grpc.stub.StreamObserver;
import java.util.List;

/** A call to a fake decode worker. */
public final class DecodeProbe extends WorkerCallProbe<DecodeRequest, DecodeResponse> {
  DecodeProbe(DecodeRequest request, StreamObserver<DecodeResponse> responses) {
    super(request, responses);
  }

  public void waiting() {
    send(DecodeResponse.newBuilder().setWaiting(DecodeWaiting.getDefaultInstance()).build());
  }

  public void reserved() {
    send(DecodeResponse.newBuilder().setReserved(DecodeReserved.getDefaultInstance()).build());
  }

  public void kvArrived(int moved, int present, long bytes) {
    send(
        DecodeResponse.newBuilder()
            .setKvArrived(
                KvArrived.newBuilder()
                    .setBlocksMoved(moved)
                    .setBlocksPresent(present)
                    .setBytesMoved(bytes))
            .build());
  }

  public void promptComputed() {
    send(
        DecodeResponse.newBuilder().setPromptComputed(PromptComputed.getDefaultInstance()).build());
  }

  public void tokens(int choice, List<Integer> ids) {
    sampled(choice, ids.stream().map(id -> SampledToken.newBuilder().setId(id).build()).toList());
  }

  /** One message with the tokens of a text. */
  public void text(int choice, String text) {
    tokens(choice, TestModel.tokens(text));
  }

  public void sampled(int choice, List<SampledToken> tokens) {
    send(
        DecodeResponse.newBuilder()
            .setTokens(DecodedTokens.newBuilder().setChoice(choice).addAllTokens(tokens))
            .build());
  }

  /** One message with the tokens of a text, and what choosing them took. */
  public void text(int choice, String text, double joules) {
    send(
        DecodeResponse.newBuilder()
            .setTokens(
                DecodedTokens.newBuilder()
                    .setChoice(choice)
                    .setJoules(joules)
                    .addAllTokens(
                        TestModel.tokens(text).stream()
                            .map(id -> SampledToken.newBuilder().setId(id).build())
                            .toList()))
            .build());
  }

  public void finished(int choice, FinishReason reason) {
    send(
        DecodeResponse.newBuilder()
            .setFinished(ChoiceFinished.newBuilder().setChoice(choice).setReason(reason))
            .build());
  }

  public void stopped(int choice) {
    finished(choice, FinishReason.FINISH_REASON_STOP);
  }
}
