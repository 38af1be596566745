package dev.baton.kv.tier;

import java.nio.file.Path;
import java.util.Objects;

/**
 * Where blocks go on disk, and how many.
 *
 * @param directory of this tier alone; made if it is missing
 * @param bytes most bytes of its files together
 * @param watermark cached blocks are written while fewer blocks than this are free in memory;
 *     {@link #ALWAYS} writes each as soon as nobody uses it, so that even a killed process finds it
 *     again
 */
public record DiskTierConfig(Path directory, long bytes, int watermark) {
  /** The {@link #watermark} above every pool. */
  public static final int ALWAYS = Integer.MAX_VALUE;

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public DiskTierConfig {
    Objects.requireNonNull(directory, "directory");
    if (bytes < 1) {
      throw new IllegalArgumentException("disk tier bytes: " + bytes + ", expected at least 1");
    }
    if (watermark < 1) {
      throw new IllegalArgumentException(
          "disk tier watermark: " + watermark + ", expected at least 1");
    }
  }
}
