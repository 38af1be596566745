package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.proto.v1.SampledToken;
import io.grpc.ManagedChannel;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;

/** The sending side. */
public final class HandoffSender implements AutoCloseable {
  /**
   * A sender without connections yet.
   *
   * @param channelFactory opens a channel to a target; channels are kept and closed here
   */
  public HandoffSender(
      Layout layout,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      Function<String, ManagedChannel> channelFactory,
      MeterRegistry meters) {}

  /**
   * Pushes a prompt's blocks; returns when the receiver has acknowledged them. Blocks the calling
   * thread; ends early when the current {@link io.grpc.Context} is cancelled or its deadline
   * passes, or when the thread is interrupted (which stays set). The blocks are borrowed until it
   * returns.
   *
   * @param target where the receiver listens, as the channel factory understands it
   * @param keys keys of all blocks of the prompt, in order
   * @param source a block for each key
   * @param firstTokens the first token of every choice, in order
   */
  public HandoffReceipt push(
      String target,
      Ticket ticket,
      List<BlockKey> keys,
      int promptTokens,
      List<Block> source,
      List<SampledToken> firstTokens)
      throws HandoffException {
    if (promptTokens > 0) {
      throw HandoffException.lost("push", null);
    }
    return new HandoffReceipt(0, 0, 0);
  }

  /** Closes all connections; pushes in progress fail. */
  @Override
  public void close() {}
}
