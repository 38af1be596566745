package dev.baton.harness.relay;

import dev.baton.proto.internal.v1.ChoiceFinished;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeReserved;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodedTokens;
import dev.baton.proto.internal.v1.KvArrived;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.List;

/**
 * One answer of a stub decode worker. Safe for use by many threads.
 *
 * <p>Its first token goes out when the prompt has "arrived", the others when the stream is told to.
 */
final class StubStream {
  private final ServerCallStreamObserver<DecodeResponse> out;
  private final List<Integer> vocabulary;
  private final int tokens;

  // All below guarded by this.
  private final long[] sentAt;
  private int sent;
  private int flood;
  private boolean over;

  /**
   * A stream that has not said anything yet.
   *
   * @param vocabulary token ids to send round and round
   */
  StubStream(
      DecodeRequest request,
      ServerCallStreamObserver<DecodeResponse> out,
      List<Integer> vocabulary) {
    this.out = out;
    this.vocabulary = vocabulary;
    this.tokens = request.getMaxTokens();
    this.sentAt = new long[tokens];
    out.setOnReadyHandler(this::pump);
  }

  /** Says that its blocks are reserved: from now on its prompt may arrive. */
  synchronized void reserve() {
    out.onNext(
        DecodeResponse.newBuilder().setReserved(DecodeReserved.getDefaultInstance()).build());
  }

  /** The prompt is there: the first token follows at once. */
  synchronized void arrived() {
    if (!over) {
      out.onNext(DecodeResponse.newBuilder().setKvArrived(KvArrived.getDefaultInstance()).build());
      send(1);
    }
  }

  /** Sends one message of so many tokens. */
  synchronized void step(int count) {
    send(count);
  }

  /** Sends messages of so many tokens whenever there is room for one. */
  synchronized void flood(int count) {
    flood = count;
    pump();
  }

  synchronized void cancelled() {
    over = true;
  }

  /** Whether nothing more will be sent. */
  synchronized boolean isOver() {
    return over;
  }

  /** {@link System#nanoTime} just before a token was sent; 0 if it was not. */
  synchronized long sentAt(int token) {
    return token < sentAt.length ? sentAt[token] : 0;
  }

  private synchronized void pump() {
    while (flood > 0 && !over && out.isReady()) {
      send(flood);
    }
  }

  private void send(int count) {
    if (over) {
      return;
    }
    int until = Math.min(tokens, sent + count);
    long now = System.nanoTime();
    DecodedTokens.Builder message = DecodedTokens.newBuilder();
    for (; sent < until; sent++) {
      sentAt[sent] = now;
      message.addTokens(SampledToken.newBuilder().setId(vocabulary.get(sent % vocabulary.size())));
    }
    out.onNext(DecodeResponse.newBuilder().setTokens(message).build());
    if (sent == tokens) {
      over = true;
      out.onNext(
          DecodeResponse.newBuilder()
              .setFinished(ChoiceFinished.newBuilder().setReason(FinishReason.FINISH_REASON_LENGTH))
              .build());
      out.onCompleted();
    }
  }
}
