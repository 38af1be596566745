package dev.baton.router.workers;

import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.DecodeServiceGrpc;
import dev.baton.proto.internal.v1.DecodeServiceGrpc.DecodeServiceStub;
import dev.baton.proto.internal.v1.PrefillServiceGrpc;
import dev.baton.proto.internal.v1.PrefillServiceGrpc.PrefillServiceStub;
import dev.baton.proto.internal.v1.PrefixSource;
import dev.baton.router.placement.PhaseTimes;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementDecision.Placed;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The pair of workers that a request was given, counted as in flight on both until {@link #close};
 * one worker only for a local prefill. Safe for use by many threads.
 */
public final class Assignment implements AutoCloseable {
  private final Placed placed;
  private final WorkerLink prefill;
  private final WorkerLink decode;
  private final InFlight.Entry prefillEntry;
  private final InFlight.Entry decodeEntry;

  /**
   * The step that was predicted when the request was placed, before any correction; empty where the
   * prediction was none of the profile's alone.
   */
  private final OptionalDouble rawStep;

  private final PackedKeys fullBlocks;
  private final Optional<PrefixSource> source;
  private final AtomicBoolean closed = new AtomicBoolean();

  /** {@code source} is the link of the worker that {@code placed} names as a source. */
  Assignment(
      Placed placed,
      int choices,
      WorkerLink prefill,
      WorkerLink decode,
      Optional<WorkerLink> source,
      PackedKeys fullBlocks) {
    this.placed = placed;
    this.prefill = prefill;
    this.decode = decode;
    this.decodeEntry =
        decode.take(placed.isLocal() ? placed.tokensToCompute() : 0, placed.blocks(), choices);
    this.prefillEntry =
        placed.isLocal() ? decodeEntry : prefill.take(placed.tokensToCompute(), 0, 0);
    this.rawStep =
        placed.predicted().isPresent() && !placed.isLocal() && decode.isFresh()
            ? OptionalDouble.of(
                placed.predicted().get().tpotSeconds()
                    / decode.times().now().map(PhaseTimes::decodeFactor).orElse(1.0))
            : OptionalDouble.empty();
    this.source =
        source
            .map(link -> link.registration().getKvEndpoint())
            .filter(endpoint -> !endpoint.isEmpty())
            .flatMap(endpoint -> placed.source().map(named -> wire(named, endpoint)));
    this.fullBlocks = fullBlocks;
  }

  /** What is placed counts as being there: the next request may follow its prefix. */
  void expectBlocks() {
    prefill.expect(fullBlocks);
    decode.expect(fullBlocks);
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

  /** Name of the decode worker's pool. */
  public String decodePool() {
    return decode.registration().getPool();
  }

  /** Where the prefill worker may fetch more of the prefix than it has; empty: nowhere. */
  public Optional<PrefixSource> prefixSource() {
    return source;
  }

  /** The prompt's KV is in: its blocks are in the decode worker's cache, most likely. */
  public void kvArrived() {
    decode.expect(fullBlocks);
  }

  /** The decode worker answered: its own load counts the request from its next report on. */
  public void decodeKnows() {
    decode.known(decodeEntry);
  }

  /** The prefill worker answered: its own load counts the request from its next report on. */
  public void prefillKnows() {
    prefill.known(prefillEntry);
  }

  /** A token came every so many seconds, on average. */
  public void decoded(double tpotSeconds) {
    rawStep.ifPresent(predicted -> decode.times().sawStep(predicted, tpotSeconds));
  }

  /**
   * The prompt was read: its blocks are in the prefill worker's cache, most likely.
   *
   * @param computedTokens how many of them were computed, after {@code cachedTokens} others
   * @param pulledTokens how many of the others were fetched for it
   * @param computeSeconds in this time
   */
  public void prefillDone(
      int computedTokens, int cachedTokens, int pulledTokens, double computeSeconds) {
    prefill.times().sawPrefill(computedTokens, cachedTokens, computeSeconds);
    int own = cachedTokens - pulledTokens;
    source.ifPresent(named ->
        prefill
            .times()
            .sawFetch(named.getBlocks() * placed.layout().blockTokens() - own, pulledTokens));
    prefill.finished(prefillEntry);
    prefill.expect(fullBlocks);
  }

  /** Ends both parts. Idempotent. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      if (!placed.isLocal()) {
        prefill.release(prefillEntry);
      }
      decode.release(decodeEntry);
    }
  }
}
