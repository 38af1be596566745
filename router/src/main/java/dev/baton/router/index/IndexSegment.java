package dev.baton.router.index;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A share of the buckets of a {@link PrefixIndex}, with a lock of its own for those who change it.
 * The index's header has the layout and the rules for readers.
 */
final class IndexSegment {
  /** Keys in a bucket. */
  static final int WAYS = 8;

  /** Words in a bucket: the keys' tags, then their holders. */
  static final int BUCKET_WORDS = 2 * WAYS;

  /** The tag of a place without a key. */
  static final long EMPTY = 0;

  private static final VarHandle TABLE = MethodHandles.arrayElementVarHandle(long[].class);
  private static final long REFERENCED = 1L << 48;
  private static final long ONE_VERSION = 1L << 49;
  private static final long VERSION = -ONE_VERSION;

  private final long[] table;
  private final WideSets wide;

  // All below guarded by this.
  private int hand;
  private long keys;
  private long entries;
  private long evicted;
  private long crowdedOut;

  IndexSegment(long[] table, int wideWords) {
    this.table = table;
    this.wide = new WideSets(wideWords);
  }

  /**
   * The holders of a key, whose buckets begin at {@code first} and {@code second}: lanes, 0 if
   * there are none, or a reference to a set that is in {@code into} then.
   */
  long find(int first, int second, long tag, PrefixMatches into) {
    for (int places = places(first, second, tag); places != 0; places &= places - 1) {
      long found = read(place(first, second, places), tag, into);
      if (found != 0) {
        return found;
      }
    }
    return 0;
  }

  private long read(int at, long tag, PrefixMatches into) {
    while (true) {
      long word = (long) TABLE.getAcquire(table, at + WAYS);
      if ((word & Lanes.MASK) == 0 || (long) TABLE.getAcquire(table, at) != tag) {
        return 0;
      }
      long holders = word & Lanes.MASK;
      if (WideSets.isReference(holders)) {
        into.read(wide, holders);
        VarHandle.acquireFence();
      }
      long now = (long) TABLE.getAcquire(table, at + WAYS);
      if (((now ^ word) & ~REFERENCED) == 0) {
        if ((now & REFERENCED) == 0) {
          // May fail: then somebody else changed the word, and the key was just used all the same.
          var _ = TABLE.weakCompareAndSetPlain(table, at + WAYS, now, now | REFERENCED);
        }
        return holders;
      }
    }
  }

  /** Adds a holder, unless it was removed. */
  synchronized void add(
      int first, int second, long tag, IndexedWorker worker, int tier, long[] dying) {
    if (!worker.isLive()) {
      return;
    }
    int at = locate(first, second, tag);
    if (at >= 0) {
      join(at, worker.slot(), tier);
    } else {
      at = vacancy(first, second, dying);
      keys++;
      entries++;
      putTag(at, tag);
      put(at, (word(at) & VERSION) | Lanes.lane(worker.slot(), tier));
    }
  }

  /** Takes a tier from a holder, unless it was removed. */
  synchronized void remove(int first, int second, long tag, IndexedWorker worker, int tier) {
    int at = worker.isLive() ? locate(first, second, tag) : -1;
    if (at < 0) {
      return;
    }
    long holders = word(at) & Lanes.MASK;
    if (WideSets.isReference(holders)) {
      if (wide.remove(holders, worker.slot(), tier)) {
        entries--;
        narrow(at);
      }
      return;
    }
    int index = Lanes.find(holders, worker.slot());
    if (index >= 0) {
      int left = Lanes.tiers(Lanes.lane(holders, index)) & ~tier;
      entries -= left == 0 ? 1 : 0;
      setLanes(at, Lanes.with(holders, index, left == 0 ? 0 : Lanes.lane(worker.slot(), left)));
    }
  }

  /** Removes the holders in these slots from a bucket. */
  synchronized void clean(int bucket, long[] slots) {
    for (int at = bucket; at < bucket + WAYS; at++) {
      long holders = word(at) & Lanes.MASK;
      if (WideSets.isReference(holders)) {
        int removed = wide.removeAll(holders, slots);
        if (removed > 0) {
          entries -= removed;
          narrow(at);
        }
      } else if (holders != 0) {
        long left = Lanes.without(holders, slots);
        if (left != holders) {
          entries -= Lanes.count(holders) - Lanes.count(left);
          setLanes(at, left);
        }
      }
    }
  }

  synchronized IndexUsage usage() {
    return new IndexUsage(wide.bytes(), keys, entries, evicted, crowdedOut);
  }

  /**
   * Where a tag stands: bit by bit, the lower eight for the first bucket. Without a branch, because
   * no processor could guess which place it is.
   */
  private int places(int first, int second, long tag) {
    return places(first, tag) | places(second, tag) << WAYS;
  }

  private int places(int bucket, long tag) {
    int places = 0;
    for (int i = 0; i < WAYS; i++) {
      long difference = table[bucket + i] ^ tag;
      places |= (int) (~(difference | -difference) >>> 63) << i;
    }
    return places;
  }

  /** The place of the lowest bit. */
  private static int place(int first, int second, int places) {
    int bit = Integer.numberOfTrailingZeros(places);
    return bit < WAYS ? first + bit : second + bit - WAYS;
  }

  private int locate(int first, int second, long tag) {
    int places = places(first, second, tag);
    return places == 0 ? -1 : place(first, second, places);
  }

  /** A free place, in the emptier bucket; one is made where there is none. */
  private int vacancy(int first, int second, long[] dying) {
    int at = emptierOf(first, second);
    if (at < 0 && !Bits.isEmpty(dying)) {
      clean(first, dying);
      clean(second, dying);
      at = emptierOf(first, second);
    }
    return at >= 0 ? at : evict(first, second);
  }

  private int emptierOf(int first, int second) {
    int inFirst = places(first, EMPTY);
    int inSecond = places(second, EMPTY);
    boolean isFirst = Integer.bitCount(inFirst) >= Integer.bitCount(inSecond);
    int places = isFirst ? inFirst : inSecond;
    return places == 0 ? -1 : (isFirst ? first : second) + Integer.numberOfTrailingZeros(places);
  }

  /** Makes room at the first key that was not looked up since the clock's hand passed it last. */
  private int evict(int first, int second) {
    while (true) {
      int step = Math.floorMod(hand++, BUCKET_WORDS);
      int at = step < WAYS ? first + step : second + step - WAYS;
      long word = word(at);
      if ((word & REFERENCED) == 0) {
        long holders = word & Lanes.MASK;
        int count = WideSets.isReference(holders) ? wide.count(holders) : Lanes.count(holders);
        entries -= count;
        evicted += count;
        vacate(at);
        return at;
      }
      put(at, word & ~REFERENCED);
    }
  }

  private void join(int at, int slot, int tier) {
    long holders = word(at) & Lanes.MASK;
    if (WideSets.isReference(holders)) {
      joinWide(at, holders, slot, tier);
      return;
    }
    int index = Lanes.find(holders, slot);
    if (index >= 0) {
      setLanes(at, Lanes.with(holders, index, Lanes.lane(holders, index) | tier));
      return;
    }
    index = Lanes.findEmpty(holders);
    if (index >= 0) {
      entries++;
      setLanes(at, Lanes.with(holders, index, Lanes.lane(slot, tier)));
      return;
    }
    long set = wide.widen(holders, slot);
    if (set == 0) {
      // No room for another holder: the newest is the likeliest to keep the block for long.
      crowdedOut++;
      setLanes(at, Lanes.with(holders, Math.floorMod(hand++, Lanes.COUNT), Lanes.lane(slot, tier)));
      return;
    }
    wide.add(set, slot, tier);
    entries++;
    replaceSet(at, set);
  }

  private void joinWide(int at, long set, int slot, int tier) {
    WideSets.Added added = wide.add(set, slot, tier);
    if (added == WideSets.Added.FULL) {
      long larger = wide.grow(set, slot);
      if (larger == 0) {
        crowdedOut++;
        return;
      }
      added = wide.add(larger, slot, tier);
      replaceSet(at, larger);
      wide.free(set);
    }
    entries += added == WideSets.Added.HOLDER ? 1 : 0;
  }

  private void narrow(int at) {
    long set = word(at) & Lanes.MASK;
    long better = wide.shrink(set);
    if (better == 0) {
      vacate(at);
    } else if (better != set) {
      replaceSet(at, better);
      wide.free(set);
    }
  }

  private void setLanes(int at, long lanes) {
    if (lanes == 0) {
      vacate(at);
    } else {
      put(at, (word(at) & ~Lanes.MASK) | lanes);
    }
  }

  private void replaceSet(int at, long holders) {
    long word = word(at);
    put(at, ((word & VERSION) + ONE_VERSION) | (word & REFERENCED) | holders);
  }

  private void vacate(int at) {
    long word = word(at);
    put(at, (word & VERSION) + ONE_VERSION);
    // Whoever sees what is written here next must see that this key is gone.
    VarHandle.storeStoreFence();
    putTag(at, EMPTY);
    keys--;
    long holders = word & Lanes.MASK;
    if (WideSets.isReference(holders)) {
      wide.free(holders);
    }
  }

  private long word(int at) {
    return (long) TABLE.getOpaque(table, at + WAYS);
  }

  private void putTag(int at, long tag) {
    TABLE.setOpaque(table, at, tag);
  }

  private void put(int at, long word) {
    TABLE.setRelease(table, at + WAYS, word);
  }
}
