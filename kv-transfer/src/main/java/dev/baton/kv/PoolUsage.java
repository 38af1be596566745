package dev.baton.kv;

/**
 * How a pool's blocks are used at one moment; the three parts add up to the whole.
 *
 * @param free blocks that nobody holds and the cache does not keep
 * @param cached blocks that nobody holds and the cache keeps until their room is needed
 * @param used blocks that somebody holds
 */
public record PoolUsage(int free, int cached, int used) {
  /** All blocks of the pool. */
  public int total() {
    return free + cached + used;
  }

  /** Blocks that a reservation could take now. */
  public int available() {
    return free + cached;
  }
}
