package dev.baton.cli.node;

import dev.baton.cli.shell.Units;
import dev.baton.kv.tier.DiskTierConfig;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether and where a worker keeps blocks of KV on disk. */
final class DiskTierOptions {
  private static final long DEFAULT_BYTES = 8L << 30;

  @Option(
      names = "--disk-tier",
      paramLabel = "DIR",
      description = {
        "Keep blocks of KV in this directory too, of this worker and its model alone: they survive",
        "eviction from memory and restarts. Default: in memory only."
      })
  private @Nullable Path directory;

  @Option(
      names = "--disk-tier-bytes",
      paramLabel = "SIZE",
      converter = Units.Sizes.class,
      description = "Most bytes there; the least recently used leave first. Default: 8g.")
  private @Nullable Long bytes;

  @Option(
      names = "--disk-tier-watermark",
      paramLabel = "N",
      description = {
        "Write cached blocks while fewer than N blocks are free in memory, and the rest at the end.",
        "Default: write each as soon as no request uses it, so that even SIGKILL loses none."
      })
  private @Nullable Integer watermark;

  /**
   * The tier, if there shall be one.
   *
   * @throws IllegalArgumentException when a flag is out of range, or makes no sense without DIR
   */
  Optional<DiskTierConfig> config() {
    if (directory == null) {
      requireAbsent("--disk-tier-bytes", bytes);
      requireAbsent("--disk-tier-watermark", watermark);
      return Optional.empty();
    }
    return Optional.of(
        new DiskTierConfig(
            directory,
            Objects.requireNonNullElse(bytes, DEFAULT_BYTES),
            Objects.requireNonNullElse(watermark, DiskTierConfig.ALWAYS)));
  }

  private static void requireAbsent(String flag, @Nullable Object value) {
    if (value != null) {
      throw new IllegalArgumentException(
          flag + ": " + value + " without --disk-tier, expected a directory there");
    }
  }
}
