package dev.baton.router.index;

/**
 * What a {@link PrefixIndex} holds.
 *
 * @param bytes memory that it takes
 * @param keys blocks that somebody has
 * @param entries pairs of block and worker, those of removed workers included until they are swept
 * @param evicted entries, since the start, that made room for a key
 * @param crowdedOut holders, since the start, that were left out because the memory for wide sets
 *     was full
 */
public record IndexUsage(long bytes, long keys, long entries, long evicted, long crowdedOut) {
  IndexUsage plus(IndexUsage other) {
    return new IndexUsage(
        bytes + other.bytes,
        keys + other.keys,
        entries + other.entries,
        evicted + other.evicted,
        crowdedOut + other.crowdedOut);
  }
}
