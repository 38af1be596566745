package dev.baton.router.workers;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What this router has placed on one worker and the worker's load does not count yet. It counts at
 * once, so that a burst of requests does not run to the one worker that looked idle, and it is not
 * counted twice: once the worker knows of a request, its next load stands for it.
 *
 * <p>Not safe for use by many threads by itself.
 */
final class InFlight {
  private final Set<Entry> entries = new LinkedHashSet<>();

  /** Counts a request's part from now on. */
  Entry add(long tokens, int blocks, int sequences) {
    Entry entry = new Entry(tokens, blocks, sequences);
    entries.add(entry);
    return entry;
  }

  /** The worker's load was heard: it counts all requests that it knew of. */
  void heardLoad() {
    entries.removeIf(entry -> entry.known);
  }

  /** The request is over on this worker. */
  void remove(Entry entry) {
    entries.remove(entry);
  }

  /** Requests not yet counted by the worker. */
  int requests() {
    return entries.size();
  }

  /** Prompt tokens that they will compute. */
  long tokens() {
    return entries.stream().mapToLong(entry -> entry.tokens).sum();
  }

  /** Blocks that they will take. */
  int blocks() {
    return entries.stream().mapToInt(entry -> entry.blocks).sum();
  }

  /** Answers that they will write. */
  int sequences() {
    return entries.stream().mapToInt(entry -> entry.sequences).sum();
  }

  /** One request's part. */
  static final class Entry {
    private final long tokens;
    private final int blocks;
    private final int sequences;
    private boolean known;

    private Entry(long tokens, int blocks, int sequences) {
      this.tokens = tokens;
      this.blocks = blocks;
      this.sequences = sequences;
    }

    /** The worker has answered to the request. */
    void known() {
      known = true;
    }
  }
}
