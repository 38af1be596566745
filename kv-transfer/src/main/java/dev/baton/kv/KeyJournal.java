package dev.baton.kv;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The latest changes of what something holds, in their order: a ring in which a newer change takes
 * the place of the oldest. Who reads it slowly finds that what it wanted is gone, and costs nobody
 * anything.
 *
 * <p>The holder writes each change down while it makes it, under its own lock, so that no two
 * changes of a key can change places. That takes some nanoseconds; readers never hold the holder up
 * for longer than it takes to copy what they want. Safe for use by many threads.
 */
public final class KeyJournal {
  private final int capacity;

  // All below guarded by this.
  private final long[] keys;
  private final boolean[] stored;
  private long end;

  /** Keeps the latest {@code capacity} changes. */
  public KeyJournal(int capacity) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity: " + capacity + ", expected at least 1");
    }
    this.capacity = capacity;
    this.keys = new long[2 * capacity];
    this.stored = new boolean[capacity];
  }

  /** A block came. */
  public void stored(BlockKey key) {
    add(key, true);
  }

  /** A block left. */
  public void removed(BlockKey key) {
    add(key, false);
  }

  private synchronized void add(BlockKey key, boolean came) {
    int at = (int) (end % capacity);
    keys[2 * at] = key.high();
    keys[2 * at + 1] = key.low();
    stored[at] = came;
    end++;
  }

  /** The position after the latest change. */
  public synchronized long end() {
    return end;
  }

  /**
   * Changes from a position on, at most {@code most} of them.
   *
   * @return empty if some of them are gone
   */
  public synchronized Optional<Part> since(long position, int most) {
    if (position > end || end - position > capacity) {
      return Optional.empty();
    }
    long until = Math.min(end, position + most);
    List<KeyRun> runs = new ArrayList<>();
    for (long from = position; from < until; ) {
      boolean came = stored[(int) (from % capacity)];
      long to = from + 1;
      while (to < until && stored[(int) (to % capacity)] == came) {
        to++;
      }
      runs.add(new KeyRun(came, copy(from, to)));
      from = to;
    }
    return Optional.of(new Part(runs, until));
  }

  private PackedKeys copy(long from, long to) {
    long[] words = new long[(int) (2 * (to - from))];
    int filled = 0;
    for (long change = from; change < to; change++) {
      int at = (int) (change % capacity);
      words[filled++] = keys[2 * at];
      words[filled++] = keys[2 * at + 1];
    }
    return PackedKeys.ofWords(words);
  }

  /**
   * Some of the changes.
   *
   * @param runs in their order
   * @param end position after them
   */
  public record Part(List<KeyRun> runs, long end) {
    /** Copies the list. */
    public Part {
      runs = List.copyOf(runs);
    }
  }
}
