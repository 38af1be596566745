package dev.baton.cli.node;

import dev.baton.cli.shell.Units;
import dev.baton.cluster.config.Require;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What the workers of both roles are told about their engine and their memory. */
final class EngineOptions {
  private static final int MOST_BLOCK_TOKENS = 1024;
  private static final int MOST_THREADS = 1024;

  @Option(
      names = "--pool",
      paramLabel = "NAME",
      defaultValue = "default",
      description = "Workers of one role on one hardware profile. Default: ${DEFAULT-VALUE}.")
  private String pool = "";

  @Option(
      names = "--blocks",
      paramLabel = "N",
      description = "Blocks of KV in memory. Default: what --kv-memory holds.")
  private @Nullable Integer blocks;

  @Option(
      names = "--kv-memory",
      paramLabel = "SIZE",
      defaultValue = "512m",
      converter = Units.Sizes.class,
      description = "Memory for blocks of KV, outside the Java heap. Default: ${DEFAULT-VALUE}.")
  private long kvMemory;

  @Option(
      names = "--block-tokens",
      paramLabel = "N",
      defaultValue = "16",
      description = "Tokens in a block, the same on all workers. Default: ${DEFAULT-VALUE}.")
  private int blockTokens;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads of the engine. Default: one a processor.")
  private @Nullable Integer threads;

  @Option(
      names = "--max-queue",
      paramLabel = "N",
      defaultValue = "256",
      description = "Most requests that wait; more are refused. Default: ${DEFAULT-VALUE}.")
  private int maxQueue;

  @Option(
      names = "--session-timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = Units.Durations.class,
      description =
          "After this long without contact ZooKeeper drops the worker. Default: ${DEFAULT-VALUE}.")
  private Duration sessionTimeout = Duration.ZERO;

  @Option(
      names = "--drain-move",
      paramLabel = "SIZE",
      defaultValue = "1g",
      converter = Units.Sizes.class,
      description = {
        "Most KV that workers of the same role fetch from this one when it ends, the hottest first;",
        "0: none. Default: ${DEFAULT-VALUE}."
      })
  private long drainMove;

  /**
   * Checks what the engine is told.
   *
   * @throws IllegalArgumentException naming the flag that is wrong
   */
  void check() {
    Require.range("--block-tokens", blockTokens, 1, MOST_BLOCK_TOKENS);
    Require.range("--threads", threads(), 1, MOST_THREADS);
  }

  String pool() {
    return pool;
  }

  long drainMove() {
    return drainMove;
  }

  /**
   * Blocks of the pool, each of this many bytes.
   *
   * @throws IllegalArgumentException when the memory does not hold even one
   */
  int blocks(long blockBytes) {
    if (blocks != null) {
      return blocks;
    }
    if (kvMemory < blockBytes) {
      throw new IllegalArgumentException(
          "--kv-memory: %d bytes, expected at least %d, one block of this model"
              .formatted(kvMemory, blockBytes));
    }
    return Math.toIntExact(Math.min(kvMemory / blockBytes, Integer.MAX_VALUE));
  }

  int blockTokens() {
    return blockTokens;
  }

  int threads() {
    return threads != null ? threads : Runtime.getRuntime().availableProcessors();
  }

  int maxQueue() {
    return maxQueue;
  }

  Duration sessionTimeout() {
    return sessionTimeout;
  }
}
