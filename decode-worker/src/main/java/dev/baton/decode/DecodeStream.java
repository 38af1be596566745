package dev.baton.decode;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.process.RequestScope;
import dev.baton.decode.DecodeMetrics.Outcome;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.proto.internal.v1.ChoiceFinished;
import dev.baton.proto.internal.v1.DecodeReserved;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeWaiting;
import dev.baton.proto.internal.v1.DecodedTokens;
import dev.baton.proto.internal.v1.KvArrived;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.OptionalDouble;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The caller's side of one call: turns its events into messages of the stream. Any thread may call;
 * messages never overlap, and none follows the last. Nothing here blocks or throws: gRPC buffers,
 * and what a slow reader lets pile up is bounded by the request's own max_tokens; signs of life
 * that are not read are left out.
 */
final class DecodeStream implements DecodeListener {
  private static final Logger LOG = LoggerFactory.getLogger(DecodeStream.class);
  private static final DecodeResponse WAITING =
      DecodeResponse.newBuilder().setWaiting(DecodeWaiting.getDefaultInstance()).build();

  private final String requestId;
  private final ServerCallStreamObserver<DecodeResponse> responses;
  private final DecodeMetrics metrics;
  private @Nullable Future<?> heartbeat;
  private boolean sentSinceBeat;
  private boolean over;

  DecodeStream(
      String requestId, ServerCallStreamObserver<DecodeResponse> responses, DecodeMetrics metrics) {
    this.requestId = requestId;
    this.responses = responses;
    this.metrics = metrics;
  }

  /** Cancels this timer when the call ends. */
  synchronized void beatBy(Future<?> timer) {
    heartbeat = timer;
    if (over) {
      timer.cancel(false);
    }
  }

  /** Gives a sign of life if nothing was sent since the beat before. */
  synchronized void beat() {
    if (!sentSinceBeat && responses.isReady()) {
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
  public synchronized void completed() {
    end(Outcome.COMPLETED);
    quietly(responses::onCompleted);
  }

  @Override
  public synchronized void failed(BatonException why) {
    boolean cancelled = why.code() == ErrorCode.ERROR_CODE_CANCELLED;
    end(cancelled ? Outcome.CANCELLED : Outcome.FAILED);
    if (!cancelled) {
      metrics.failed(why.code());
    }
    try (RequestScope scope = RequestScope.open(requestId)) {
      LOG.info("decode ended early: {}", why.getMessage());
    }
    quietly(() -> responses.onError(why.toStatus(requestId)));
  }

  private synchronized void send(DecodeResponse response) {
    if (!over) {
      sentSinceBeat = true;
      quietly(() -> responses.onNext(response));
    }
  }

  /** A stream that broke cancels the call by itself; the engine must not notice. */
  private static void quietly(Runnable write) {
    try {
      write.run();
    } catch (RuntimeException e) {
      LOG.debug("the caller's stream takes nothing any more", e);
    }
  }

  private void end(Outcome outcome) {
    over = true;
    if (heartbeat != null) {
      heartbeat.cancel(false);
    }
    metrics.ended(outcome);
  }
}
