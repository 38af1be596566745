package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.cluster.worker.EventStream;
import dev.baton.cluster.worker.Outcome;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.proto.internal.v1.ChoiceFinished;
import dev.baton.proto.internal.v1.DecodeReserved;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeWaiting;
import dev.baton.proto.internal.v1.DecodedTokens;
import dev.baton.proto.internal.v1.KvArrived;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import java.util.OptionalDouble;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The caller's side of one call: turns its events into messages of the stream. Any thread may call;
 * nothing here blocks or throws. What a slow reader lets pile up is bounded by the request's own
 * max_tokens; signs of life that are not read are left out.
 */
final class DecodeStream implements DecodeListener {
  private static final Logger LOG = LoggerFactory.getLogger(DecodeStream.class);
  private static final DecodeResponse WAITING =
      DecodeResponse.newBuilder().setWaiting(DecodeWaiting.getDefaultInstance()).build();

  private final String requestId;
  private final EventStream<DecodeResponse> events;
  private final DecodeMetrics metrics;
  private boolean sentSinceBeat;

  DecodeStream(String requestId, EventStream<DecodeResponse> events, DecodeMetrics metrics) {
    this.requestId = requestId;
    this.events = events;
    this.metrics = metrics;
  }

  /** Gives a sign of life if nothing was sent since the beat before. */
  synchronized void beat() {
    if (!sentSinceBeat && events.isRead()) {
      send(WAITING);
    }
    sentSinceBeat = false;
  }

  @Override
  public void reserved(int promptBlocks, int presentBlocks) {
    send(
        DecodeResponse.newBuilder()
            .setReserved(
                DecodeReserved.newBuilder()
                    .setPromptBlocks(promptBlocks)
                    .setPresentBlocks(presentBlocks))
            .build());
  }

  @Override
  public void kvArrived(HandoffReceipt receipt) {
    send(
        DecodeResponse.newBuilder()
            .setKvArrived(
                KvArrived.newBuilder()
                    .setBlocksMoved(receipt.blocksMoved())
                    .setBlocksPresent(receipt.blocksPresent())
                    .setBytesMoved(receipt.bytesMoved()))
            .build());
  }

  @Override
  public void promptComputed(LocalPrefill.Account account) {
    PromptComputed.Builder computed =
        PromptComputed.newBuilder()
            .setCachedTokens(account.cachedTokens())
            .setComputedTokens(account.computedTokens())
            .setComputeUs(account.computeNanos() / 1000);
    account.joules().ifPresent(computed::setJoules);
    send(DecodeResponse.newBuilder().setPromptComputed(computed).build());
  }

  @Override
  public void token(int choice, SampledToken token, OptionalDouble joules) {
    DecodedTokens.Builder tokens = DecodedTokens.newBuilder().setChoice(choice).addTokens(token);
    joules.ifPresent(tokens::setJoules);
    send(DecodeResponse.newBuilder().setTokens(tokens).build());
  }

  @Override
  public void finished(int choice, FinishReason reason) {
    send(
        DecodeResponse.newBuilder()
            .setFinished(ChoiceFinished.newBuilder().setChoice(choice).setReason(reason))
            .build());
  }

  @Override
  public void completed() {
    metrics.ended(Outcome.COMPLETED);
    events.complete();
  }

  @Override
  public void failed(BatonException why) {
    Outcome outcome = Outcome.of(why);
    metrics.ended(outcome);
    if (outcome == Outcome.FAILED) {
      metrics.failed(why.code());
    }
    try (RequestScope scope = RequestScope.open(requestId)) {
      LOG.info("decode ended early: {}", why.getMessage());
    }
    events.fail(why, requestId);
  }

  private synchronized void send(DecodeResponse response) {
    sentSinceBeat = true;
    events.send(response);
  }
}
