package dev.baton.router.workers;

import dev.baton.cluster.membership.Member;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.Offer;
import dev.baton.router.placement.WorkerRef;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * One incarnation of a worker: its channel, its latest load, and what this router has placed there.
 *
 * <p>The channel stays open until the worker was {@link #retire}d and no request uses it. Safe for
 * use by many threads; calls nobody under its lock but the channel's shutdown, which does not
 * block.
 */
final class WorkerLink {
  /** A load older than this is not fresh: a living worker speaks every second. */
  static final Duration FRESH = Duration.ofSeconds(3);

  private final WorkerRef ref;
  private final WorkerRegistration registration;
  private final List<Offer> offers;
  private final ManagedChannel channel;
  private final StatusWatch status;
  private final LongSupplier nanos;

  // All below guarded by this.
  private final InFlight inFlight = new InFlight();
  private WorkerLoad load = WorkerLoad.getDefaultInstance();
  private boolean heard;
  private long heardAt;
  private int users;
  private boolean retired;

  WorkerLink(
      WorkerRef ref,
      WorkerRegistration registration,
      List<Offer> offers,
      ManagedChannel channel,
      ScheduledExecutorService timer,
      LongSupplier nanos) {
    this.ref = ref;
    this.registration = registration;
    this.offers = offers;
    this.channel = channel;
    this.nanos = nanos;
    this.status = new StatusWatch(channel, ref.id(), timer, this::heard);
  }

  /** Starts to listen to the worker's status. */
  void open() {
    status.start();
  }

  WorkerRef ref() {
    return ref;
  }

  WorkerRegistration registration() {
    return registration;
  }

  List<Offer> offers() {
    return offers;
  }

  ManagedChannel channel() {
    return channel;
  }

  /** Whether this is the link of that very incarnation, unchanged. */
  boolean isOf(Member member) {
    return ref.epoch() == member.epoch() && registration.equals(member.registration());
  }

  boolean serves(String model) {
    return offers.stream().anyMatch(offer -> offer.model().equals(model));
  }

  /** Whether the last user of a retired link has left. */
  synchronized boolean isClosed() {
    return retired && users == 0;
  }

  private synchronized void heard(WatchResponse snapshot) {
    // Another incarnation may answer on the same address; its load says nothing of this one.
    if (snapshot.getEpoch() != ref.epoch()) {
      return;
    }
    load = snapshot.getLoad();
    heard = true;
    heardAt = nanos.getAsLong();
    inFlight.heardLoad();
  }

  synchronized PrefillWorker prefillView() {
    return new PrefillWorker(
        ref, offers, isFresh(), load.getDraining(), load.getPendingTokens(), inFlight.tokens());
  }

  synchronized DecodeWorker decodeView() {
    int total = heard ? load.getBlocksTotal() : registration.getBlocks();
    return new DecodeWorker(
        ref,
        offers,
        isFresh(),
        load.getDraining(),
        load.getRunning() + load.getWaiting(),
        inFlight.requests(),
        total,
        total - load.getBlocksUsed(),
        inFlight.blocks());
  }

  /** Whether its load was heard of lately. */
  synchronized boolean isFresh() {
    return heard && nanos.getAsLong() - heardAt < FRESH.toNanos();
  }

  /** A request begins to use this worker. */
  synchronized InFlight.Entry take(long tokens, int blocks) {
    users++;
    return inFlight.add(tokens, blocks);
  }

  /** The worker answered to the request. */
  synchronized void known(InFlight.Entry entry) {
    entry.known();
  }

  /** The request's work here is over; it may still use the channel. */
  synchronized void finished(InFlight.Entry entry) {
    inFlight.remove(entry);
  }

  /** The request uses this worker no more. */
  synchronized void release(InFlight.Entry entry) {
    inFlight.remove(entry);
    users--;
    closeIfIdle();
  }

  /** The worker is no longer a member: takes nothing new, and closes when the last user left. */
  void retire() {
    status.close();
    synchronized (this) {
      retired = true;
      closeIfIdle();
    }
  }

  /** Breaks everything off. */
  void closeNow() {
    status.close();
    channel.shutdownNow();
  }

  /** Waits so long for the end of what {@link #closeNow} broke off. */
  void awaitClosed(long nanos) {
    try {
      var _ = channel.awaitTermination(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeIfIdle() {
    if (retired && users == 0) {
      channel.shutdown();
    }
  }
}
