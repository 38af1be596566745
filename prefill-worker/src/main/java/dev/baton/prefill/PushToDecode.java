package dev.baton.prefill;

import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.OutgoingPush;
import dev.baton.kv.handoff.PushTimes;
import dev.baton.proto.v1.SampledToken;
import io.grpc.Context;
import java.time.Duration;
import java.util.List;

/** A push over gRPC, within the call that asked for it: it ends when that does. */
final class PushToDecode implements KvPush.Flow {
  private final OutgoingPush push;
  private final Context context;
  private final String target;
  private final Duration stallLimit;
  private final Overlap overlap;

  /** {@code overlap} learns from how it went. */
  PushToDecode(
      OutgoingPush push, Context context, String target, Duration stallLimit, Overlap overlap) {
    this.push = push;
    this.context = context;
    this.target = target;
    this.stallLimit = stallLimit;
    this.overlap = overlap;
  }

  @Override
  public void ready(int layer, int tokens) {
    push.ready(layer, tokens);
  }

  @Override
  public void computed(List<SampledToken> firstTokens) {
    push.computed(firstTokens);
  }

  @Override
  public PushTimes run() {
    Context before = context.attach();
    try {
      PushTimes times = push.run();
      overlap.pushed(times);
      return times;
    } catch (HandoffException e) {
      throw HandoffFailure.of(e, target, stallLimit);
    } finally {
      context.detach(before);
    }
  }
}
