package dev.baton.router.workers;

import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.DecodeServiceGrpc;
import dev.baton.proto.internal.v1.DecodeServiceGrpc.DecodeServiceStub;
import dev.baton.proto.internal.v1.PrefillServiceGrpc;
import dev.baton.proto.internal.v1.PrefillServiceGrpc.PrefillServiceStub;
import dev.baton.router.placement.PlacementDecision.Placed;
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
  private final PackedKeys fullBlocks;
  private final AtomicBoolean closed = new AtomicBoolean();

  Assignment(Placed placed, WorkerLink prefill, WorkerLink decode, PackedKeys fullBlocks) {
    this.placed = placed;
    this.prefill = prefill;
    this.decode = decode;
    this.prefillEntry = prefill.take(placed.tokensToCompute(), 0);
    this.decodeEntry = decode.take(0, placed.blocks());
    this.fullBlocks = fullBlocks;
    prefill.expect(fullBlocks);
    decode.expect(fullBlocks);
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

  /** The decode worker answered: its own load counts the request from its next report on. */
  public void decodeKnows() {
    decode.known(decodeEntry);
  }

  /** The prefill worker answered: its own load counts the request from its next report on. */
  public void prefillKnows() {
    prefill.known(prefillEntry);
  }

  /** The prompt was read: both workers have its blocks, most likely, and will say so soon. */
  public void prefillDone() {
    prefill.finished(prefillEntry);
    prefill.expect(fullBlocks);
    decode.expect(fullBlocks);
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
