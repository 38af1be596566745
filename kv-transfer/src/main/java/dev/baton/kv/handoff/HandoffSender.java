package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.shm.RingLender;
import dev.baton.kv.transport.Connections;
import dev.baton.proto.internal.v1.Open;
import dev.baton.proto.v1.SampledToken;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The sending side. Safe for use by many threads; each push is one stream, or several if it is
 * large, and pushes to one target share connections: the first streams of all of them one, the
 * second ones another.
 */
public final class HandoffSender implements AutoCloseable {
  /** Most streams of one push. */
  public static final int MOST_STREAMS = 1 + IncomingHandoff.MOST_STRIPES;

  private final Layout layout;
  private final Lineage lineage;
  private final LongSupplier myEpoch;
  private final Duration stallLimit;
  private final int streams;
  private final Alarms alarms;
  private final Channels channels;
  private final HandoffMetrics metrics;
  private final RingLender rings = new RingLender();
  private Runnable transport = () -> {};

  /**
   * A sender without connections yet.
   *
   * @param myEpoch this worker's epoch, asked for at each push
   * @param stallLimit how long a receiver may be silent, or take nothing
   * @param streams most streams of one push, each on a connection of its own; from 1 to {@link
   *     #MOST_STREAMS}
   * @param connections opens the connections; the sender's to close from now on
   */
  public HandoffSender(
      Layout layout,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      int streams,
      Connections connections,
      MeterRegistry meters) {
    this(
        layout,
        lineage,
        myEpoch,
        stallLimit,
        streams,
        connections::open,
        meters,
        new SystemAlarms());
    this.transport = connections::close;
    HandoffMetrics.copyingSender(meters, !connections.areLending());
  }

  HandoffSender(
      Layout layout,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      int streams,
      Channels.Opener opener,
      MeterRegistry meters,
      Alarms alarms) {
    if (streams < 1 || streams > MOST_STREAMS) {
      throw new IllegalArgumentException(
          "streams: %d, expected 1 to %d".formatted(streams, MOST_STREAMS));
    }
    this.streams = streams;
    this.alarms = alarms;
    this.layout = layout;
    this.lineage = lineage;
    this.myEpoch = myEpoch;
    this.stallLimit = stallLimit;
    this.channels = new Channels(opener);
    this.metrics = HandoffMetrics.ofSender(meters);
  }

  /**
   * A push that has not begun: its blocks may still be written.
   *
   * @param target where the receiver listens: host:port
   * @param keys keys of all blocks of the prompt, in order
   * @param source a block for each key; only those that the receiver lacks are read, plane by plane
   *     as they are said to be final. Borrowed until the push is over
   * @param writerLives whether whoever writes the blocks makes progress: asked before each renewal,
   *     by threads that must not wait
   * @throws IllegalArgumentException if prompt tokens, keys and blocks do not fit one another
   */
  public OutgoingPush prepare(
      String target,
      Ticket ticket,
      List<BlockKey> keys,
      int promptTokens,
      List<Block> source,
      BooleanSupplier writerLives) {
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
    return new OutgoingPush(
        target,
        ticket,
        keys,
        source,
        layout,
        new OutgoingHandoff(layout, open(ticket, keys, promptTokens)),
        channels,
        rings,
        alarms,
        metrics,
        stallLimit,
        streams,
        writerLives);
  }

  /**
   * Pushes a prompt whose blocks are all final; otherwise as {@link #prepare} and {@link
   * OutgoingPush#run}.
   *
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
    OutgoingPush push = prepare(target, ticket, keys, promptTokens, source, () -> true);
    push.computed(firstTokens);
    return push.run().receipt();
  }

  private Open open(Ticket ticket, List<BlockKey> keys, int promptTokens) {
    Open.Builder open =
        Open.newBuilder()
            .setTicket(ticket.toProto())
            .setSenderEpoch(myEpoch.getAsLong())
            .setLineage(ByteString.copyFrom(lineage.bytes()))
            .setLayout(Layouts.toProto(layout))
            .setPromptTokens(promptTokens)
            .setVersion(FrameHeader.VERSION);
    keys.forEach(key -> open.addKeys(ByteString.copyFrom(key.bytes())));
    return open.build();
  }

  /** Connections that are open now. */
  int connections() {
    return channels.size();
  }

  /** Closes all connections; pushes in progress fail. Waits a few seconds for them to end. */
  @Override
  public void close() {
    channels.close();
    rings.close();
    transport.run();
    alarms.close();
  }
}
