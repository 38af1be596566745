package dev.baton.router.workers;

import dev.baton.kv.BlockKey;
import dev.baton.proto.internal.v1.DecodeServiceGrpc;
import dev.baton.proto.internal.v1.DecodeServiceGrpc.DecodeServiceStub;
import dev.baton.proto.internal.v1.PrefillServiceGrpc;
import dev.baton.proto.internal.v1.PrefillServiceGrpc.PrefillServiceStub;
import dev.baton.proto.internal.v1.PrefixSource;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PrefixAffinity;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The pair of workers that a request was given, counted as in flight on both until {@link #close}.
 * Safe for use by many threads.
 */
public final class Assignment implements AutoCloseable {
  private final Placed placed;
  private final WorkerLink prefill;
  private final WorkerLink decode;
  private final InFlight.Entry prefillEntry;
  private final InFlight.Entry decodeEntry;
  private final List<BlockKey> fullBlocks;
  private final PrefixAffinity affinity;
  private final Optional<PrefixSource> source;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** {@code source} is the link of the worker that {@code placed} names as a source. */
  Assignment(
      Placed placed,
      WorkerLink prefill,
      WorkerLink decode,
      Optional<WorkerLink> source,
      List<BlockKey> fullBlocks,
      PrefixAffinity affinity) {
    this.placed = placed;
    this.prefill = prefill;
    this.decode = decode;
    this.prefillEntry = prefill.take(placed.tokensToCompute(), 0);
    this.decodeEntry = decode.take(0, placed.blocks());
    this.source =
        source
            .map(link -> link.registration().getKvEndpoint())
            .filter(endpoint -> !endpoint.isEmpty())
            .flatMap(endpoint -> placed.source().map(named -> wire(named, endpoint)));
    this.fullBlocks = fullBlocks;
    this.affinity = affinity;
  }

  private static PrefixSource wire(PlacementDecision.PrefixSource named, String endpoint) {
    return PrefixSource.newBuilder()
        .setKvEndpoint(endpoint)
        .setEpoch(named.worker().epoch())
        .setBlocks(named.blocks())
        .build();
  }

  /** The decision behind it, with its reasons. */
  public Placed placed() {
    return placed;
  }

  /** Calls to the worker that reads the prompt. */
  public PrefillServiceStub prefill() {
    return PrefillServiceGrpc.newStub(prefill.channel());
  }

  /** Calls to the worker that writes the answer. */
  public DecodeServiceStub decode() {
    return DecodeServiceGrpc.newStub(decode.channel());
  }

  /** host:port where the decode worker takes KV in. */
  public String kvEndpoint() {
    return decode.registration().getKvEndpoint();
  }

  /** Where the prefill worker may fetch more of the prefix than it has; empty: nowhere. */
  public Optional<PrefixSource> prefixSource() {
    return source;
  }

  /** The prompt's KV is in: its blocks are in the decode worker's cache, most likely. */
  public void kvArrived() {
    affinity.learn(fullBlocks, placed.decode());
  }

  /** The decode worker answered: its own load counts the request from its next report on. */
  public void decodeKnows() {
    decode.known(decodeEntry);
  }

  /** The prefill worker answered: its own load counts the request from its next report on. */
  public void prefillKnows() {
    prefill.known(prefillEntry);
  }

  /** The prompt was read: its blocks are in the prefill worker's cache, most likely. */
  public void prefillDone() {
    prefill.finished(prefillEntry);
    affinity.learn(fullBlocks, placed.prefill());
  }

  /** Ends both parts. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      prefill.release(prefillEntry);
      decode.release(decodeEntry);
    }
  }
}
