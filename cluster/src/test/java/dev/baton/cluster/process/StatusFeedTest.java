package dev.baton.cluster.process;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyHoldings;
import dev.baton.kv.KeyJournal;
import dev.baton.kv.KeySnapshot;
import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.KeyRun;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WatchResponse.EventCase;
import dev.baton.proto.internal.v1.WorkerLoad;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StatusFeedTest {
  private static final int REMEMBERED = 100;

  private final AtomicLong epoch = new AtomicLong(7);
  private final Holdings memory = new Holdings();
  private final Holdings disk = new Holdings();
  private final StatusFeed feed =
      new StatusFeed(
          epoch::get,
          () -> WorkerLoad.newBuilder().setRunning(3).build(),
          List.of(
              new TierKeys(KvTier.KV_TIER_MEMORY, memory),
              new TierKeys(KvTier.KV_TIER_DISK, disk)));

  private static final class Holdings implements KeyHoldings {
    private final Set<BlockKey> keys = new LinkedHashSet<>();
    private final KeyJournal journal = new KeyJournal(REMEMBERED);

    void store(long from, long to) {
      LongStream.range(from, to)
          .mapToObj(i -> new BlockKey(i, i))
          .forEach(key -> {
            keys.add(key);
            journal.stored(key);
          });
    }

    void remove(long i) {
      keys.remove(new BlockKey(i, i));
      journal.removed(new BlockKey(i, i));
    }

    @Override
    public KeySnapshot heldKeys() {
      return new KeySnapshot(PackedKeys.of(keys), journal.end());
    }

    @Override
    public KeyJournal journal() {
      return journal;
    }
  }

  private static int keys(KeyRun run) {
    return run.getKeys().size() / BlockKey.BYTES;
  }

  private WatchResponse only() {
    List<WatchResponse> events = feed.next();
    assertThat(events).hasSize(1);
    return events.getFirst();
  }

  @Test
  void beginsWithASnapshotOfAllTiersThenSaysWhatChangedThenThatItLives() {
    memory.store(0, 3);
    disk.store(0, 5);
    List<WatchResponse> snapshot = feed.next();
    assertThat(snapshot).extracting(WatchResponse::getSequence).containsExactly(1L, 2L);
    assertThat(snapshot)
        .allSatisfy(event -> {
          assertThat(event.getEpoch()).isEqualTo(7);
          assertThat(event.getLoad().getRunning()).isEqualTo(3);
        });
    assertThat(snapshot.get(0).getSnapshot().getFirst()).isTrue();
    assertThat(snapshot.get(0).getSnapshot().getLast()).isFalse();
    assertThat(keys(snapshot.get(0).getSnapshot().getRuns(0))).isEqualTo(3);
    assertThat(snapshot.get(1).getSnapshot().getLast()).isTrue();
    assertThat(snapshot.get(1).getSnapshot().getRuns(0).getTier()).isEqualTo(KvTier.KV_TIER_DISK);
    assertThat(keys(snapshot.get(1).getSnapshot().getRuns(0))).isEqualTo(5);

    memory.store(10, 12);
    memory.remove(0);
    WatchResponse delta = only();
    assertThat(delta.getSequence()).isEqualTo(3);
    assertThat(delta.getDelta().getRunsList())
        .extracting(KeyRun::getRemoved)
        .containsExactly(false, true);
    assertThat(delta.getDelta().getRuns(1).getKeys().toByteArray())
        .isEqualTo(new BlockKey(0, 0).bytes());

    WatchResponse heartbeat = only();
    assertThat(heartbeat.getSequence()).isEqualTo(4);
    assertThat(heartbeat.getEventCase()).isEqualTo(EventCase.HEARTBEAT);
    assertThat(heartbeat.getLoad().getRunning()).isEqualTo(3);
  }

  @Test
  void aNewEpochAndAPlaceThatIsGoneLeadToASnapshot() {
    assertThat(only().getEventCase()).isEqualTo(EventCase.SNAPSHOT);
    epoch.set(8);
    WatchResponse anew = only();
    assertThat(anew.getEventCase()).isEqualTo(EventCase.SNAPSHOT);
    assertThat(anew.getEpoch()).isEqualTo(8);
    disk.store(0, REMEMBERED + 1);
    WatchResponse behind = only();
    assertThat(keys(behind.getSnapshot().getRuns(0))).isEqualTo(REMEMBERED + 1);
    assertThat(only().getEventCase()).isEqualTo(EventCase.HEARTBEAT);
  }

  @Test
  void aSnapshotThatIsTooLargeForOneEventComesInParts() {
    memory.store(0, 2L * StatusFeed.MOST_KEYS + 1);
    List<WatchResponse> parts = feed.next();
    assertThat(parts).extracting(WatchResponse::getSequence).containsExactly(1L, 2L, 3L);
    assertThat(parts)
        .extracting(part -> keys(part.getSnapshot().getRuns(0)))
        .containsExactly(StatusFeed.MOST_KEYS, StatusFeed.MOST_KEYS, 1);
    assertThat(parts)
        .extracting(part -> part.getSnapshot().getFirst())
        .containsExactly(true, false, false);
    assertThat(parts)
        .extracting(part -> part.getSnapshot().getLast())
        .containsExactly(false, false, true);
  }
}
