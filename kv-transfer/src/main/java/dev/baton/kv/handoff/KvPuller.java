package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Lineage;
import dev.baton.kv.transport.Connections;
import dev.baton.proto.internal.v1.PullRequest;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The side of Pull that takes: fetches blocks from another worker's cache into this worker's.
 *
 * <ul>
 *   <li>Nothing here blocks: replies are taken in on the connections' event loops.
 *   <li>A block is published under its key after every byte of it was verified. Whatever is wrong
 *       or missing ends the pull; what was published before it stays: the longest valid prefix.
 *   <li>It hands blocks to nobody: whoever looks the keys up afterwards finds them published.
 *   <li>Never waits for ever: a silent source is given up after the stall limit, a slow one when
 *       the pull's time is over.
 *   <li>Safe for use by many threads.
 * </ul>
 */
public final class KvPuller implements AutoCloseable {
  /** As many as a source answers at a time. */
  private static final int MOST_PULLS = 16;

  private final BlockPool pool;
  private final Lineage lineage;
  private final LongSupplier myEpoch;
  private final Duration stallLimit;
  private final Alarms alarms;
  private final Channels channels;
  private final PullMetrics metrics;
  private final Runnable transport;
  private final Set<IncomingPull> active = ConcurrentHashMap.newKeySet();

  /**
   * A puller without connections yet.
   *
   * @param pool where blocks go
   * @param myEpoch this worker's epoch, asked for at each pull
   * @param stallLimit how long a source may be silent
   * @param connections opens the connections; the puller's to close from now on
   */
  public KvPuller(
      BlockPool pool,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      Connections connections,
      MeterRegistry meters) {
    this(
        pool,
        lineage,
        myEpoch,
        stallLimit,
        connections::open,
        connections::close,
        meters,
        new SystemAlarms());
  }

  KvPuller(
      BlockPool pool,
      Lineage lineage,
      LongSupplier myEpoch,
      Duration stallLimit,
      Channels.Opener connectionFactory,
      Runnable transport,
      MeterRegistry meters,
      Alarms alarms) {
    this.pool = pool;
    this.lineage = lineage;
    this.myEpoch = myEpoch;
    this.stallLimit = stallLimit;
    this.channels = new Channels(connectionFactory);
    this.transport = transport;
    this.metrics = PullMetrics.ofPuller(meters, active::size);
    this.alarms = alarms;
  }

  /**
   * Where blocks are believed to be.
   *
   * @param endpoint host:port of the worker's KvTransferService
   * @param epoch of that worker
   */
  public record Source(String endpoint, long epoch) {}

  /**
   * Fetches what follows the cached prefix of {@code keys}, as far as the source has it and the
   * pool has room. Does not block. Ends early when the current {@link io.grpc.Context} is cancelled
   * or its deadline passes.
   *
   * @param generation of the attempt that the blocks are for
   * @param limit the longest that it may take
   * @param done called once, by any thread, after all that came was published and every block was
   *     given back; must not block
   */
  public void pull(
      Source source,
      int generation,
      List<BlockKey> keys,
      Duration limit,
      Consumer<PullResult> done) {
    List<Block> cached = pool.retainPrefix(keys);
    List<BlockKey> wanted = List.copyOf(keys.subList(cached.size(), keys.size()));
    if (wanted.isEmpty()) {
      pool.release(cached);
      metrics.ended(PullOutcome.COMPLETE);
      done.accept(new PullResult(PullOutcome.COMPLETE, keys.size(), keys.size(), 0, 0, 0));
      return;
    }
    Ticket ticket = new Ticket(ThreadLocalRandom.current().nextLong(), source.epoch(), generation);
    IncomingPull pull =
        new IncomingPull(this, cached, new PulledPrefix(pool, ticket, wanted), done);
    active.add(pull);
    try {
      pull.start(
          channels.lease(source.endpoint()),
          request(ticket, wanted),
          limit,
          HandoffReceiver.maxMessageBytes(pool.layout()));
    } catch (HandoffException e) {
      pull.end(e);
    }
  }

  /**
   * Whether as many pulls run as should: each holds what it has brought until it ends, and together
   * they must not keep a prompt from the blocks that it needs at once.
   */
  public boolean isBusy() {
    return active.size() >= MOST_PULLS;
  }

  /** Notes that blocks were not fetched because computing them was cheaper. */
  public void skipped() {
    metrics.ended(PullOutcome.SKIPPED);
  }

  private PullRequest request(Ticket ticket, List<BlockKey> keys) {
    PullRequest.Builder request =
        PullRequest.newBuilder()
            .setPullId(ticket.handoffId())
            .setGeneration(ticket.generation())
            .setSourceEpoch(ticket.receiverEpoch())
            .setPullerEpoch(myEpoch.getAsLong())
            .setLineage(ByteString.copyFrom(lineage.bytes()))
            .setLayout(Layouts.toProto(pool.layout()))
            .setVersion(FrameHeader.VERSION);
    keys.forEach(key -> request.addKeys(ByteString.copyFrom(key.bytes())));
    return request.build();
  }

  StallWatch watch(Runnable onStall) {
    return StallWatch.start(alarms, stallLimit, onStall);
  }

  PullMetrics metrics() {
    return metrics;
  }

  void over(IncomingPull pull, List<Block> cached, PulledPrefix prefix) {
    // The last one first, so that what is evicted first is the prefix's end.
    prefix.release();
    pool.release(cached);
    active.remove(pull);
  }

  /**
   * Ends every pull, then closes all connections. When it returns no block is held. Waits a few
   * seconds for connections to end.
   */
  @Override
  public void close() {
    HandoffException why = HandoffException.cancelled("the puller is closing", null);
    Set.copyOf(active).forEach(pull -> pull.end(why));
    channels.close();
    transport.run();
    alarms.close();
  }
}
