package dev.baton.cluster.drain;

import java.time.Duration;

/**
 * What bounds a worker's drain.
 *
 * @param time that running requests, and the move of blocks, get
 * @param moveBytes most bytes of KV that are moved to peers
 */
public record DrainLimits(Duration time, long moveBytes) {
  /** Bytes that are moved unless told otherwise: 1 GiB. */
  public static final long DEFAULT_MOVE_BYTES = 1L << 30;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public DrainLimits {
    if (time.isNegative()) {
      throw new IllegalArgumentException("drainLimit: " + time + ", expected 0 or more");
    }
    if (moveBytes < 0) {
      throw new IllegalArgumentException("drainMoveBytes: " + moveBytes + ", expected 0 or more");
    }
  }

  /** This time, and {@link #DEFAULT_MOVE_BYTES}. */
  public static DrainLimits of(Duration time) {
    return new DrainLimits(time, DEFAULT_MOVE_BYTES);
  }
}
