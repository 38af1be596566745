package dev.baton.router.workers;

import dev.baton.cluster.membership.Member;
import dev.baton.cluster.pools.Pools;
import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.EnergyTotals;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.index.PrefixMatches;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.Offer;
import dev.baton.router.placement.WorkerRef;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleSupplier;
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
  private final WorkerContents contents;
  private final Expectations expectations;
  private final WorkerTimes times;
  private final LongSupplier nanos;
  private final Runnable changed;

  // All below guarded by this.
  private final InFlight inFlight = new InFlight();
  private WorkerLoad load = WorkerLoad.getDefaultInstance();
  private boolean heard;
  private long heardAt;
  private boolean speaking;
  private int users;
  private boolean retired;

  WorkerLink(
      WorkerRef ref,
      WorkerRegistration registration,
      List<Offer> offers,
      ManagedChannel channel,
      PrefixIndex index,
      ScheduledExecutorService timer,
      LongSupplier nanos,
      DoubleSupplier jitter,
      Runnable changed) {
    this.changed = changed;
    this.ref = ref;
    this.registration = registration;
    this.offers = offers;
    this.channel = channel;
    this.nanos = nanos;
    this.times = new WorkerTimes(registration);
    this.contents = new WorkerContents(index, ref);
    this.expectations = new Expectations(index, ref, nanos);
    this.status = new StatusWatch(channel, ref.id(), timer, jitter, new Listening());
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

  private void heardLoad(WatchResponse event) {
    // Another incarnation may answer on the same address; its load says nothing of this one.
    if (event.getEpoch() != ref.epoch()) {
      return;
    }
    synchronized (this) {
      times.heard(event.getLoad());
      load = event.getLoad();
      heard = true;
      heardAt = nanos.getAsLong();
      speaking = true;
      inFlight.heardLoad();
    }
    changed.run();
  }

  synchronized PrefillWorker prefillView(Pools rules) {
    return new PrefillWorker(
        ref,
        offersUnder(rules),
        isFresh(),
        load.getDraining(),
        load.getPendingTokens(),
        inFlight.tokens(),
        load.getRunning() + load.getWaiting() + inFlight.requests(),
        isMixed(),
        times.now());
  }

  synchronized DecodeWorker decodeView(Pools rules) {
    int total = heard ? load.getBlocksTotal() : registration.getBlocks();
    return new DecodeWorker(
        ref,
        offersUnder(rules),
        isFresh(),
        load.getDraining(),
        load.getRunning() + load.getWaiting(),
        inFlight.requests(),
        load.getSequences() + inFlight.sequences(),
        total,
        total - load.getBlocksUsed(),
        inFlight.blocks(),
        load.getPendingTokens() + inFlight.tokens(),
        isMixed(),
        times.now());
  }

  /** How many leading blocks of what was looked up it has, or will have when it is asked. */
  int blocks(PrefixMatches matches) {
    return Math.max(contents.blocks(matches), expectations.blocks(matches));
  }

  /** How many leading blocks of what was looked up it says that it has in memory. */
  int heldBlocks(PrefixMatches matches) {
    return contents.memoryBlocks(matches);
  }

  /** A request that brings these blocks was placed here, or has just brought them. */
  void expect(PackedKeys keys) {
    expectations.note(keys);
  }

  private List<Offer> offersUnder(Pools rules) {
    return offers.stream()
        .filter(offer -> rules.serve(offer.model(), registration.getRole(), registration.getPool()))
        .toList();
  }

  private boolean isMixed() {
    return !registration.getSharesChipWith().isEmpty();
  }

  /** Joules that it took since it started, idle time included; empty where it did not say. */
  synchronized OptionalDouble joules() {
    if (!load.hasEnergy()) {
      return OptionalDouble.empty();
    }
    EnergyTotals told = load.getEnergy();
    return OptionalDouble.of(
        told.getIdleJoules() + told.getPrefillJoules() + told.getDecodeJoules());
  }

  /** How fast the worker is. */
  WorkerTimes times() {
    return times;
  }

  /** Whether its load was heard of lately. */
  synchronized boolean isFresh() {
    return heard && nanos.getAsLong() - heardAt < FRESH.toNanos();
  }

  /** Whether this very incarnation is on the line now, and takes work. */
  synchronized boolean speaks() {
    return speaking && !load.getDraining();
  }

  /** A request begins to use this worker. */
  synchronized InFlight.Entry take(long tokens, int blocks, int sequences) {
    users++;
    return inFlight.add(tokens, blocks, sequences);
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
    stopListening();
    synchronized (this) {
      retired = true;
      closeIfIdle();
    }
  }

  /** Breaks everything off. */
  void closeNow() {
    stopListening();
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

  private void stopListening() {
    status.close();
    contents.close();
    expectations.close();
  }

  private final class Listening implements StatusWatch.Listener {
    @Override
    public void opened() {
      contents.opened();
    }

    @Override
    public boolean heard(WatchResponse event) {
      boolean goesOn = contents.heard(event);
      heardLoad(event);
      return goesOn;
    }

    @Override
    public void ended() {
      synchronized (WorkerLink.this) {
        speaking = false;
      }
      changed.run();
    }
  }
}
