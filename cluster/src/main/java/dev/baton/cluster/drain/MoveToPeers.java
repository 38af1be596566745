package dev.baton.cluster.drain;

import com.google.protobuf.ByteString;
import dev.baton.cluster.error.BatonException;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Lineage;
import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.TakeInRequest;
import dev.baton.proto.internal.v1.TakeInResponse;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves the hottest blocks of a pool to peers. A peer fetches them itself, with Pull: what it gets
 * is verified as always, and its status tells routers that it has them.
 *
 * <ul>
 *   <li>The blocks that were used last go first, in the order of their prompts: wherever the move
 *       ends, what has crossed is whole prefixes.
 *   <li>One peer takes what it has room for, at most half of its pool, then the next: blocks of one
 *       prompt are of use only together. What a peer did not take, the next is offered.
 *   <li>Bounded in bytes and in time, also for each piece. A peer that fails is left out.
 * </ul>
 */
final class MoveToPeers implements Evacuation {
  private static final Logger LOG = LoggerFactory.getLogger(MoveToPeers.class);

  /** As much as moves in a fraction of a second: limits are kept, and progress is seen. */
  private static final long CHUNK_BYTES = 32L << 20;

  private static final int CHUNK_BLOCKS = 256;

  /** For one piece: a peer that hangs does not take all of the time. */
  private static final Duration LONGEST_CALL = Duration.ofSeconds(10);

  private final Source source;
  private final Deque<Peer> peers;
  private final int most;
  private final IntConsumer sent;
  private final Set<BlockKey> offered = new HashSet<>();

  /** Peers that serve, whether or not they take more blocks. */
  private int serving;

  /** Blocks that the first of the peers may still be offered. */
  private int quota;

  private int toMove;
  private int moved;

  /**
   * What moves.
   *
   * @param pool whose blocks
   * @param kvEndpoint host:port where peers fetch them
   * @param epoch of the worker
   */
  record Source(BlockPool pool, Lineage lineage, String kvEndpoint, long epoch) {}

  /**
   * A move yet to begin.
   *
   * @param peers the first is asked first; closed by this
   * @param moveBytes most bytes that move
   * @param sent hears how many blocks a peer has fetched
   */
  MoveToPeers(Source source, Collection<Peer> peers, long moveBytes, IntConsumer sent) {
    this.source = source;
    this.peers = new ArrayDeque<>(peers);
    this.serving = peers.size();
    long blocks = moveBytes / source.pool().layout().blockBytes();
    this.most = (int) Math.min(blocks, source.pool().capacity());
    this.sent = sent;
    this.quota = quotaOfFirst();
  }

  private int quotaOfFirst() {
    return peers.isEmpty() ? 0 : peers.getFirst().blocks() / 2;
  }

  @Override
  public boolean hasPeers() {
    return serving > 0;
  }

  @Override
  public int toMove() {
    return toMove;
  }

  @Override
  public int moved() {
    return moved;
  }

  @Override
  public void round(Duration limit, Runnable told) {
    long end = System.nanoTime() + limit.toNanos();
    List<BlockKey> hot =
        source.pool().hottestKeys(most).stream()
            .filter(key -> !offered.contains(key))
            .limit(most - offered.size())
            .toList();
    toMove = offered.size() + hot.size();
    int from = 0;
    while (from < hot.size() && !peers.isEmpty()) {
      int to = Math.min(hot.size(), from + Math.min(chunk(), quota));
      Duration left = Duration.ofNanos(end - System.nanoTime());
      if (!left.isPositive()) {
        return;
      }
      if (to == from) {
        nextPeer();
      } else if (offer(hot.subList(from, to), left)) {
        from = to;
        told.run();
      }
    }
  }

  private int chunk() {
    long fits = CHUNK_BYTES / source.pool().layout().blockBytes();
    return Math.clamp(fits, 1, CHUNK_BLOCKS);
  }

  /** Offers blocks to the first of the peers; false if that is not asked any more. */
  private boolean offer(List<BlockKey> keys, Duration left) {
    Peer peer = peers.getFirst();
    Optional<TakeInResponse> taken = ask(peer, keys, left);
    if (taken.isEmpty()) {
      serving--;
      nextPeer();
      return false;
    }
    TakeInResponse response = taken.get();
    sent.accept(response.getTakenBlocks());
    int there = response.getPresentBlocks() + response.getTakenBlocks();
    if (there < keys.size() && peers.size() > 1) {
      nextPeer();
      return false;
    }
    offered.addAll(keys);
    quota -= keys.size();
    moved += there;
    if (!response.getHadRoom()) {
      nextPeer();
    }
    return true;
  }

  private Optional<TakeInResponse> ask(Peer peer, List<BlockKey> keys, Duration left) {
    TakeInRequest request =
        TakeInRequest.newBuilder()
            .setLineage(ByteString.copyFrom(source.lineage().bytes()))
            .setKvEndpoint(source.kvEndpoint())
            .setEpoch(source.epoch())
            .setKeys(ByteString.copyFrom(PackedKeys.of(keys).bytes()))
            .build();
    try {
      Duration limit = left.compareTo(LONGEST_CALL) < 0 ? left : LONGEST_CALL;
      return Optional.of(peer.takeIn(request, limit));
    } catch (BatonException e) {
      LOG.info("peer {} takes no more blocks: {}", peer.id(), e.getMessage());
      return Optional.empty();
    }
  }

  private void nextPeer() {
    peers.removeFirst().close();
    quota = quotaOfFirst();
  }

  @Override
  public void close() {
    peers.forEach(Peer::close);
  }
}
