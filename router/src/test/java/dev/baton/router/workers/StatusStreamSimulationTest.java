package dev.baton.router.workers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.process.StatusFeed;
import dev.baton.cluster.process.TierKeys;
import dev.baton.kv.BlockKey;
import dev.baton.kv.PackedKeys;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.router.fake.FakeHoldings;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.index.PrefixMatches;
import dev.baton.router.placement.WorkerRef;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.RepeatedTest;

/**
 * Workers and a router with status streams that lose, double and break off, workers and routers
 * that restart, and watchers that are too slow for the journal. After all is quiet the index says
 * what the workers have. Time and network are the order in which a seed makes things happen.
 */
class StatusStreamSimulationTest {
  private static final int WORKERS = 5;
  private static final int KEYS = 60;
  private static final int STEPS = 4000;

  private final long seed = RandomGenerator.getDefault().nextLong();
  private final Random random = new Random(seed);
  private final List<BlockKey> keys = new ArrayList<>();
  private final List<Side> sides = new ArrayList<>();
  private PrefixIndex index = newIndex();
  private long epochs = 1;

  private static PrefixIndex newIndex() {
    return new PrefixIndex(1 << 20, 40);
  }

  /** A worker, the router's side of its stream, and what is on the way between them. */
  private final class Side {
    private final String id;
    private long epoch = epochs++;
    private FakeHoldings memory = new FakeHoldings(8);
    private FakeHoldings disk = new FakeHoldings(8);
    private WorkerContents contents;
    private StatusFeed feed;
    private final Deque<WatchResponse> onTheWay = new ArrayDeque<>();

    Side(String id) {
      this.id = id;
      watchAsNewMember();
    }

    void watchAsNewMember() {
      contents = new WorkerContents(index, new WorkerRef(id, epoch));
      watch();
    }

    /** A new stream: what the old one carried is gone. */
    void watch() {
      onTheWay.clear();
      contents.opened();
      FakeHoldings memoryNow = memory;
      FakeHoldings diskNow = disk;
      feed =
          new StatusFeed(
              () -> epoch,
              WorkerLoad::getDefaultInstance,
              List.of(
                  new TierKeys(KvTier.KV_TIER_MEMORY, memoryNow),
                  new TierKeys(KvTier.KV_TIER_DISK, diskNow)));
    }

    void change() {
      FakeHoldings tier = random.nextInt(4) == 0 ? disk : memory;
      BlockKey key = keys.get(random.nextInt(KEYS));
      if (random.nextInt(5) < 3) {
        tier.store(key);
      } else {
        tier.remove(key);
      }
    }

    void send() {
      for (WatchResponse event : feed.next()) {
        int fate = random.nextInt(20);
        for (int copies = fate == 0 ? 0 : fate == 1 ? 2 : 1; copies > 0; copies--) {
          onTheWay.add(event);
        }
      }
    }

    void sendSafely() {
      onTheWay.addAll(feed.next());
    }

    void deliver() {
      WatchResponse event = onTheWay.poll();
      if (event != null && !contents.heard(event)) {
        watch();
      }
    }

    /** It registers anew, with what it has: the stream stays. The router hears of it later. */
    void newEpoch() {
      epoch = epochs++;
    }

    void restart() {
      epoch = epochs++;
      memory = new FakeHoldings(8);
      disk = new FakeHoldings(8);
      watch();
    }

    void routerHearsOfMembership() {
      contents.close();
      watchAsNewMember();
    }

    /** Membership tells of the epoch in the end. */
    void routerHearsIfItMust() {
      if (contents.ref().epoch() != epoch) {
        routerHearsOfMembership();
      }
    }

    private int said(BlockKey key) {
      PrefixMatches matches = index.matches();
      index.lookup(PackedKeys.of(List.of(key)), matches);
      return contents.blocks(matches);
    }
  }

  @RepeatedTest(40)
  void afterQuiescenceTheIndexSaysWhatTheWorkersHave() {
    for (int i = 0; i < KEYS; i++) {
      keys.add(new BlockKey(random.nextLong(), random.nextLong()));
    }
    for (int i = 0; i < WORKERS; i++) {
      sides.add(new Side("w" + i));
    }
    for (int step = 0; step < STEPS; step++) {
      Side side = sides.get(random.nextInt(WORKERS));
      int what = random.nextInt(1000);
      if (what < 500) {
        side.change();
      } else if (what < 700) {
        side.send();
      } else if (what < 980) {
        side.deliver();
      } else if (what < 988) {
        side.watch();
      } else if (what < 992) {
        side.newEpoch();
      } else if (what < 996) {
        side.restart();
        side.routerHearsOfMembership();
      } else if (what < 999) {
        side.routerHearsOfMembership();
      } else {
        index = newIndex();
        sides.forEach(Side::watchAsNewMember);
      }
    }
    for (Side side : sides) {
      side.routerHearsIfItMust();
      // A last event after what may be lost, a stream opened again, and its snapshot.
      for (int i = 0; i < 3; i++) {
        side.sendSafely();
        while (!side.onTheWay.isEmpty()) {
          side.deliver();
        }
      }
    }
    long entries = 0;
    for (Side side : sides) {
      for (BlockKey key : keys) {
        boolean has = side.memory.keys().contains(key) || side.disk.keys().contains(key);
        assertThat(side.said(key)).as("seed %d, %s, %s", seed, side.id, key).isEqualTo(has ? 1 : 0);
        entries += has ? 1 : 0;
      }
    }
    index.sweep();
    assertThat(index.usage().entries())
        .as("seed %d, nothing else is left", seed)
        .isEqualTo(entries);
  }
}
