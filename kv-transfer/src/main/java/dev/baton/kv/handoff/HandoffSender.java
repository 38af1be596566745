package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneKind;
import dev.baton.kv.transport.Connections;
import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.internal.v1.Commit;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.internal.v1.PushReply;
import dev.baton.proto.v1.SampledToken;
import io.grpc.ManagedChannel;
import io.micrometer.core.instrument.MeterRegistry;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * The sending side. Safe for use by many threads; each push is one stream, pushes to one target
 * share a connection.
 */
public final class HandoffSender implements AutoCloseable {
  /** What planes pass through on their way to gRPC: small enough to stay in the nearest cache. */
  private static final int SCRATCH_BYTES = 64 * 1024;

  private final Layout layout;
  private final Lineage lineage;
  private final LongSupplier myEpoch;
  private final Duration stallLimit;
  private final Alarms alarms;
  private final Channels channels;
  private final HandoffMetrics metrics;
  private Runnable transport = () -> {};

  /**
   * A sender without connections yet.
   *
   * @param myEpoch this worker's epoch, asked for at each push
   * @param stallLimit how long a receiver may be silent, or take nothing
   * @param connections opens the connections; the sender's to close from now on
   */
  public HandoffSender(
      Layout layout,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      Connections connections,
      MeterRegistry meters) {
    this(layout, lineage, myEpoch, stallLimit, connections::open, meters, new SystemAlarms());
    this.transport = connections::close;
    HandoffMetrics.copyingSender(meters, !connections.areLending());
  }

  HandoffSender(
      Layout layout,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      Function<String, ManagedChannel> channelFactory,
      MeterRegistry meters,
      Alarms alarms) {
    this.alarms = alarms;
    this.layout = layout;
    this.lineage = lineage;
    this.myEpoch = myEpoch;
    this.stallLimit = stallLimit;
    this.channels = new Channels(channelFactory);
    this.metrics = HandoffMetrics.ofSender(meters);
  }

  /**
   * Pushes a prompt's blocks; returns when the receiver has acknowledged them. Blocks the calling
   * thread; ends early when the current {@link io.grpc.Context} is cancelled or its deadline
   * passes, or when the thread is interrupted (which stays set). The blocks are borrowed until it
   * returns. A failed push leaves nothing behind: its stream is cancelled.
   *
   * @param target where the receiver listens: host:port
   * @param keys keys of all blocks of the prompt, in order
   * @param source a block for each key; only those that the receiver lacks are read
   * @param firstTokens the first token of every choice, in order
   * @throws IllegalArgumentException if prompt tokens, keys and blocks do not fit one another
   */
  public HandoffReceipt push(
      String target,
      Ticket ticket,
      List<BlockKey> keys,
      int promptTokens,
      List<Block> source,
      List<SampledToken> firstTokens)
      throws HandoffException {
    if (keys.isEmpty()
        || source.size() != keys.size()
        || layout.blocksFor(promptTokens) != keys.size()) {
      throw new IllegalArgumentException(
          "handoff %s: %d prompt tokens, %d keys, %d blocks: expected %d keys and blocks"
              .formatted(
                  ticket,
                  promptTokens,
                  keys.size(),
                  source.size(),
                  layout.blocksFor(promptTokens)));
    }
    Prompt prompt = new Prompt(ticket, keys, promptTokens, source, firstTokens);
    try (Channels.Lease lease = channels.lease(target)) {
      try {
        return push(lease.channel(), prompt);
      } catch (HandoffException e) {
        if (e.code() == HandoffException.Code.LOST) {
          lease.broken();
        }
        throw e;
      }
    }
  }

  private record Prompt(
      Ticket ticket,
      List<BlockKey> keys,
      int tokens,
      List<Block> blocks,
      List<SampledToken> firstTokens) {}

  private HandoffReceipt push(ManagedChannel channel, Prompt prompt) throws HandoffException {
    long started = System.nanoTime();
    PushCall call = PushCall.start(channel, alarms, stallLimit);
    boolean acknowledged = false;
    try {
      call.send(OutgoingMessage.of(open(prompt)));
      List<Integer> missing = missing(call.reply("Accept"), prompt.keys().size());
      HandoffReceipt receipt = receipt(missing.size(), prompt.keys().size());
      sendPlanes(call, prompt, missing);
      call.send(OutgoingMessage.of(commit(receipt, prompt)));
      call.halfClose();
      requireAck(call.reply("Ack"));
      acknowledged = true;
      metrics.completed(receipt, System.nanoTime() - started);
      return receipt;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw HandoffException.cancelled("the pushing thread was interrupted", e);
    } finally {
      if (!acknowledged) {
        call.cancel();
      }
      call.takeBack();
    }
  }

  private Open open(Prompt prompt) {
    Open.Builder open =
        Open.newBuilder()
            .setTicket(prompt.ticket().toProto())
            .setSenderEpoch(myEpoch.getAsLong())
            .setLineage(ByteString.copyFrom(lineage.bytes()))
            .setLayout(Layouts.toProto(layout))
            .setPromptTokens(prompt.tokens());
    prompt.keys().forEach(key -> open.addKeys(ByteString.copyFrom(key.bytes())));
    return open.build();
  }

  private static List<Integer> missing(PushReply reply, int blocks) throws HandoffException {
    if (!reply.hasAccept()) {
      throw HandoffException.refused(
          Refusal.PROTOCOL, "reply: " + reply.getReplyCase() + ", expected Accept");
    }
    Accept accept = reply.getAccept();
    int last = -1;
    for (int block : accept.getMissingList()) {
      if (block <= last || block >= blocks) {
        throw HandoffException.refused(
            Refusal.PROTOCOL,
            "accept.missing: %s after %d, expected ascending indexes below %d"
                .formatted(Integer.toUnsignedString(block), last, blocks));
      }
      last = block;
    }
    return accept.getMissingList();
  }

  private HandoffReceipt receipt(int moved, int blocks) {
    return new HandoffReceipt(moved, blocks - moved, (long) moved * layout.blockBytes());
  }

  private void sendPlanes(PushCall call, Prompt prompt, List<Integer> missing)
      throws HandoffException, InterruptedException {
    byte[] scratch = new byte[Math.min(SCRATCH_BYTES, layout.planeBytes())];
    for (int block : missing) {
      for (int layer = 0; layer < layout.layers(); layer++) {
        for (PlaneKind kind : PlaneKind.values()) {
          MemorySegment plane = prompt.blocks().get(block).plane(layer, kind);
          FrameHeader header =
              FrameHeader.of(
                  prompt.ticket(),
                  block,
                  prompt.keys().get(block),
                  layer,
                  kind,
                  plane.asByteBuffer());
          call.sendWhenReady(OutgoingMessage.of(header, plane, scratch));
        }
      }
    }
  }

  private Commit commit(HandoffReceipt receipt, Prompt prompt) {
    return Commit.newBuilder()
        .setFrames(receipt.blocksMoved() * layout.planes())
        .setBytes(receipt.bytesMoved())
        .addAllFirstTokens(prompt.firstTokens())
        .build();
  }

  private static void requireAck(PushReply reply) throws HandoffException {
    if (!reply.hasAck()) {
      throw HandoffException.refused(
          Refusal.PROTOCOL, "reply: " + reply.getReplyCase() + ", expected Ack");
    }
  }

  /** Connections that are open now. */
  int connections() {
    return channels.size();
  }

  /** Closes all connections; pushes in progress fail. Waits a few seconds for them to end. */
  @Override
  public void close() {
    channels.close();
    transport.run();
    alarms.close();
  }
}
