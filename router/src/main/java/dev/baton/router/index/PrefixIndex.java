package dev.baton.router.index;

import dev.baton.kv.PackedKeys;
import dev.baton.router.placement.WorkerRef;
import java.util.Optional;

/**
 * Which worker has which block, and in which tier: a hint for placement. A wrong hint costs time
 * and never a wrong token, because every worker looks each key up in its own pool and verifies it.
 *
 * <h2>Layout in memory</h2>
 *
 * <pre>
 * table    one long[], cut into buckets of 128 bytes, two cache lines: 8 tags, then 8 words
 * tag      bytes 8 to 15 of the key; bytes 0 to 7, mixed, choose the segment and two buckets in it
 * word     15 bits version | 1 bit looked up | 3 lanes of 16 bits
 * lane     14 bits slot | 1 bit disk | 1 bit memory; no tier: empty
 * wide set where a block has more than 3 holders the lanes refer to a list of 16 lanes or to two
 *          bitmaps, as long as the highest slot needs, in an array of the segment
 * </pre>
 *
 * A key stands in the emptier of its two buckets, which are in one page of 4 KiB, and never moves.
 * Fill it to seven tenths: hardly a key is then evicted because both its buckets are full. A slot
 * is a number for one account of one worker. Memory is bounded by the constructor's figure: four
 * fifths are the table, taken at once; wide sets grow up to the rest, then a block's further
 * holders are left out, and counted. Where both buckets of a new key are full, the hand of a clock
 * goes over them and takes the first key that was not looked up since it came by last.
 *
 * <h2>Who may do what at once</h2>
 *
 * <ul>
 *   <li>Lookups take no lock and never wait. One goes round again only when a writer has changed
 *       that very word meanwhile, so somebody always gets on.
 *   <li>A reader takes the word, compares the tag, reads the wide set if there is one, and takes
 *       the word again: it counts only unchanged. Whenever a place changes its key, or its word
 *       refers to another wide set, the version changes first. So no reader sees one key's tag with
 *       another key's holders, nor a set that was given to another key, except if it sleeps between
 *       the two looks while that one place changes 32,768 times or a multiple of that, and ends up
 *       with the same holders.
 *   <li>Each block of a prompt is true for a moment during the lookup, not all for one moment.
 *   <li>In bitmaps a block that goes from disk to memory may be missed in the instant between.
 *   <li>Writers of different segments do not meet; in one segment they take turns.
 *   <li>Removing a worker marks its slot dead: {@link PrefixMatches} asks for that last, so nothing
 *       is believed of it from then on. Its entries are swept by those who store, a bucket for
 *       every key, by those who register, and where they stand in the way of a new key. The slot
 *       passes on after a whole sweep, and a lookup believes nothing of workers that registered
 *       after it began: it never takes one worker's blocks for another's.
 * </ul>
 *
 * <h2>What may be wrong</h2>
 *
 * Two keys are taken for one if 64 bits of tag are equal and a bucket is shared. A lookup of a
 * block that nobody has compares at most 16 tags: less than 16 / 2<sup>64</sup>, one in
 * 10<sup>18</sup> lookups, finds a holder. What was evicted or crowded out is not found. Keys must
 * be uniformly distributed, as a hash's are.
 */
public final class PrefixIndex {
  private static final int MOST_SEGMENTS = 256;
  private static final int LEAST_SEGMENT_BUCKETS = 512;
  private static final int BUCKET_BYTES = IndexSegment.BUCKET_WORDS * Long.BYTES;

  /** A key's two buckets are in one group, one page of memory. */
  private static final int GROUP = 32;

  /** So many keys go to memory at a time. */
  private static final int AHEAD = 16;

  /** And so many when a lookup begins, because it often ends soon. */
  private static final int FIRST_AHEAD = 4;

  /** So many registrations sweep the whole table. */
  private static final int STEPS = 64;

  private static final long UNLIKELY = 0x4C95_7F2D_1405_7B7EL;

  /** An array's header is 16 bytes: with this a large array's buckets begin on pairs of lines. */
  private static final int PADDING = 14;

  private final long[] table;
  private final IndexSegment[] segments;
  private final int segmentBits;
  private final int segmentBuckets;
  private final WorkerSlots slots;
  private final Buckets ground = new Buckets();
  private final Sweep sweep;

  /**
   * An empty index.
   *
   * @param bytes most memory that it takes, up to 16 GiB
   * @param workers most workers at a time, those that were removed lately included; up to {@value
   *     Lanes#MOST_SLOTS}
   */
  public PrefixIndex(long bytes, int workers) {
    long buckets = bytes / 5 * 4 / BUCKET_BYTES;
    if (buckets < GROUP || buckets > (Integer.MAX_VALUE - PADDING) / IndexSegment.BUCKET_WORDS) {
      throw new IllegalArgumentException("bytes: " + bytes + ", expected 5 KiB to 16 GiB");
    }
    if (workers < 1 || workers > Lanes.MOST_SLOTS) {
      throw new IllegalArgumentException(
          "workers: " + workers + ", expected 1 to " + Lanes.MOST_SLOTS);
    }
    int bits = 0;
    while (2 << bits <= MOST_SEGMENTS && buckets >> bits >= 2 * LEAST_SEGMENT_BUCKETS) {
      bits++;
    }
    segmentBits = bits;
    segmentBuckets = (int) (buckets >> bits) & -GROUP;
    segments = new IndexSegment[1 << bits];
    table = new long[PADDING + segments.length * segmentBuckets * IndexSegment.BUCKET_WORDS];
    int wideWords = (int) Math.min(Integer.MAX_VALUE / 2, bytes / 5 / Long.BYTES / segments.length);
    for (int i = 0; i < segments.length; i++) {
      segments[i] = new IndexSegment(table, wideWords);
    }
    slots = new WorkerSlots(workers);
    sweep = new Sweep(ground, slots);
  }

  /**
   * Opens an account for a worker, with nothing in it. A worker may have several, for example one
   * that is believed while the next one is filled.
   *
   * @return empty if there are too many already
   */
  public Optional<IndexedWorker> register(WorkerRef ref) {
    // Who registers often removes often: what that leaves behind must not wait for the next store.
    sweep.step(ground.buckets() / STEPS + 1);
    Optional<IndexedWorker> worker = give(ref);
    if (worker.isEmpty()) {
      sweep.finish();
      worker = give(ref);
    }
    return worker;
  }

  private Optional<IndexedWorker> give(WorkerRef ref) {
    return slots.give(slot -> new IndexedWorker(this, ref, slot));
  }

  void retire(IndexedWorker worker) {
    if (worker.kill()) {
      slots.bury(worker.slot());
    }
  }

  void store(IndexedWorker worker, PackedKeys keys, Tier tier) {
    long[] dying = slots.dying();
    for (int from = 0; from < keys.size(); from += AHEAD) {
      int to = Math.min(keys.size(), from + AHEAD);
      readAhead(keys, from, to);
      for (int i = from; i < to; i++) {
        long hash = hash(keys.high(i));
        int first = first(hash);
        segments[segment(hash)].add(
            first, second(hash, first), tag(keys.low(i)), worker, tier.bit(), dying);
      }
    }
    sweep.step(keys.size());
  }

  void remove(IndexedWorker worker, PackedKeys keys, Tier tier) {
    for (int from = 0; from < keys.size(); from += AHEAD) {
      int to = Math.min(keys.size(), from + AHEAD);
      readAhead(keys, from, to);
      for (int i = from; i < to; i++) {
        long hash = hash(keys.high(i));
        int first = first(hash);
        segments[segment(hash)].remove(
            first, second(hash, first), tag(keys.low(i)), worker, tier.bit());
      }
    }
  }

  /** A place for the answers to lookups of this index. */
  public PrefixMatches matches() {
    return new PrefixMatches(this);
  }

  /**
   * Looks for a prompt's blocks, up to the first that nobody has who has all before it.
   *
   * @param keys in the order of the prompt
   * @param into made by {@link #matches} of this index; takes the answer
   */
  public void lookup(PackedKeys keys, PrefixMatches into) {
    into.begin(slots.planes(), slots.registrations());
    for (int from = 0, to; from < keys.size(); from = to) {
      to = Math.min(keys.size(), from + (from == 0 ? FIRST_AHEAD : AHEAD));
      readAhead(keys, from, to);
      for (int i = from; i < to; i++) {
        long hash = hash(keys.high(i));
        int first = first(hash);
        long found =
            segments[segment(hash)].find(first, second(hash, first), tag(keys.low(i)), into);
        if (!into.next(found)) {
          into.end();
          return;
        }
      }
    }
    into.end();
  }

  /** Reads from the buckets of these keys, so that memory answers for all of them at once. */
  private void readAhead(PackedKeys keys, int from, int to) {
    long sum = 0;
    for (int i = from; i < to; i++) {
      long hash = hash(keys.high(i));
      int first = first(hash);
      int second = second(hash, first);
      sum +=
          table[first]
              + table[first + IndexSegment.WAYS]
              + table[second]
              + table[second + IndexSegment.WAYS];
    }
    // The compiler drops reads whose values nobody uses; this one value hardly ever comes up.
    if (sum == UNLIKELY) {
      Thread.onSpinWait();
    }
  }

  /** Takes entries of removed workers out until none is left. */
  public void sweep() {
    sweep.finish();
  }

  /** What it holds now. */
  public IndexUsage usage() {
    IndexUsage sum = new IndexUsage((long) table.length * Long.BYTES, 0, 0, 0, 0);
    for (IndexSegment segment : segments) {
      sum = sum.plus(segment.usage());
    }
    return sum;
  }

  private static long hash(long high) {
    long mixed = high * 0x9E37_79B9_7F4A_7C15L;
    mixed = (mixed ^ mixed >>> 32) * 0xD6E8_FEB8_6659_FD93L;
    return mixed ^ mixed >>> 32;
  }

  private static long tag(long low) {
    return low == IndexSegment.EMPTY ? 1 : low;
  }

  private int segment(long hash) {
    // In two steps, because a shift by 64 is a shift by none.
    return (int) (hash >>> 1 >>> (Long.SIZE - 1 - segmentBits));
  }

  private int first(long hash) {
    return position(segment(hash) * segmentBuckets + below(segmentBuckets, (int) hash));
  }

  /** Another bucket of the first one's group. */
  private int second(long hash, int first) {
    int bucket = (first - PADDING) / IndexSegment.BUCKET_WORDS;
    int ahead = 1 + below(GROUP - 1, (int) ((hash * 0xA076_1D64_78BD_642FL) >>> 32));
    return position((bucket & -GROUP) | ((bucket + ahead) & (GROUP - 1)));
  }

  private static int position(int bucket) {
    return PADDING + bucket * IndexSegment.BUCKET_WORDS;
  }

  private static int below(int bound, int hash) {
    return (int) ((Integer.toUnsignedLong(hash) * bound) >>> 32);
  }

  private final class Buckets implements Sweep.Ground {
    @Override
    public int buckets() {
      return segments.length * segmentBuckets;
    }

    @Override
    public void clean(int bucket, long[] dying) {
      segments[bucket / segmentBuckets].clean(position(bucket), dying);
    }
  }
}
