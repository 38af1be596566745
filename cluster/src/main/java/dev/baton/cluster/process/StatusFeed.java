package dev.baton.cluster.process;

import com.google.protobuf.UnsafeByteOperations;
import dev.baton.kv.KeyJournal;
import dev.baton.kv.KeySnapshot;
import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.Delta;
import dev.baton.proto.internal.v1.Heartbeat;
import dev.baton.proto.internal.v1.KeyRun;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.SnapshotPart;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * What one watcher of a worker hears, event by event: a snapshot first, then deltas, or a heartbeat
 * where no key changed. It keeps a place in each tier's journal and nothing else, so a watcher that
 * does not read costs nothing; when it reads again and its place is gone, it gets a snapshot. Not
 * safe for use by many threads.
 */
public final class StatusFeed {
  /** Keys in one event: who takes it in is busy for a fraction of a millisecond. */
  static final int MOST_KEYS = 1 << 12;

  private final LongSupplier epoch;
  private final Supplier<WorkerLoad> load;
  private final List<TierKeys> tiers;
  private final long[] positions;
  private long sequence;
  private long toldEpoch;

  /** Of the worker with this epoch, load and these tiers, which may change at any time. */
  public StatusFeed(LongSupplier epoch, Supplier<WorkerLoad> load, List<TierKeys> tiers) {
    this.epoch = epoch;
    this.load = load;
    this.tiers = List.copyOf(tiers);
    this.positions = new long[tiers.size()];
  }

  /** The next events, at least one; more than one where a snapshot does not fit into one. */
  public List<WatchResponse> next() {
    long now = epoch.getAsLong();
    if (sequence == 0 || now != toldEpoch) {
      toldEpoch = now;
      return snapshot();
    }
    List<KeyRun> runs = new ArrayList<>();
    for (int i = 0; i < tiers.size(); i++) {
      KvTier tier = tiers.get(i).tier();
      KeyJournal journal = tiers.get(i).holdings().journal();
      Optional<KeyJournal.Part> part = journal.since(positions[i], MOST_KEYS);
      if (part.isEmpty()) {
        return snapshot();
      }
      positions[i] = part.get().end();
      part.get().runs().forEach(run -> runs.add(run(tier, !run.stored(), run.keys())));
    }
    WatchResponse.Builder event = event();
    return List.of(
        runs.isEmpty()
            ? event.setHeartbeat(Heartbeat.getDefaultInstance()).build()
            : event.setDelta(Delta.newBuilder().addAllRuns(runs)).build());
  }

  private List<WatchResponse> snapshot() {
    List<KeyRun> runs = new ArrayList<>();
    for (int i = 0; i < tiers.size(); i++) {
      KeySnapshot held = tiers.get(i).holdings().heldKeys();
      positions[i] = held.position();
      for (int from = 0; from < held.keys().size(); from += MOST_KEYS) {
        int to = Math.min(held.keys().size(), from + MOST_KEYS);
        runs.add(run(tiers.get(i).tier(), false, held.keys().slice(from, to)));
      }
    }
    List<WatchResponse> events = new ArrayList<>();
    // An empty worker has a snapshot, too.
    int parts = Math.max(1, runs.size());
    for (int i = 0; i < parts; i++) {
      SnapshotPart.Builder part =
          SnapshotPart.newBuilder().setFirst(i == 0).setLast(i == parts - 1);
      if (i < runs.size()) {
        part.addRuns(runs.get(i));
      }
      events.add(event().setSnapshot(part).build());
    }
    return events;
  }

  private WatchResponse.Builder event() {
    sequence++;
    return WatchResponse.newBuilder().setSequence(sequence).setEpoch(toldEpoch).setLoad(load.get());
  }

  private static KeyRun run(KvTier tier, boolean removed, PackedKeys keys) {
    return KeyRun.newBuilder()
        .setTier(tier)
        .setRemoved(removed)
        .setKeys(UnsafeByteOperations.unsafeWrap(keys.bytes()))
        .build();
  }
}
