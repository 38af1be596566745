package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import io.grpc.BindableService;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongPredicate;

/** The receiving side: the KvTransferService and the table of expected handoffs. */
public final class HandoffReceiver implements BindableService, AutoCloseable {
  /**
   * A receiver that expects nothing yet.
   *
   * @param isMyEpoch whether an epoch is, or was, one of this process
   * @param stallLimit how long a sender may be silent
   */
  public HandoffReceiver(
      Layout layout,
      Lineage lineage,
      LongPredicate isMyEpoch,
      Duration stallLimit,
      MeterRegistry meters) {}

  /**
   * Largest message that a server of this service has to take, in bytes: what its
   * maxInboundMessageSize must be set to.
   */
  public static int maxMessageBytes(Layout layout) {
    return 4 * 1024 * 1024 + layout.planeBytes();
  }

  /**
   * Declares that a sender with this ticket may write into {@code destination}.
   *
   * @param keys keys of all blocks of the prompt, in order
   * @param destination a block for each key; those that are not present are written
   * @param present indexes of the blocks that hold their KV already
   * @throws IllegalStateException if a handoff with this id is expected already
   */
  public IncomingHandoff expect(
      Ticket ticket,
      List<BlockKey> keys,
      List<Block> destination,
      BitSet present,
      HandoffListener listener) {
    return new IncomingHandoff();
  }

  @Override
  public ServerServiceDefinition bindService() {
    throw new UnsupportedOperationException();
  }

  /** Fails every handoff that is still expected. */
  @Override
  public void close() {}
}
