package dev.baton.prefill;

import dev.baton.engine.Engine;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/** One prefill worker process. */
public final class PrefillWorker implements AutoCloseable {
  private PrefillWorker() {}

  /** Starts with the embedded CPU engine. */
  public static PrefillWorker start(Config config) {
    if (config.blocks() > 0) {
      throw new UnsupportedOperationException();
    }
    return new PrefillWorker();
  }

  /** Starts with this engine. */
  public static PrefillWorker start(Config config, Engine engine) {
    if (config.blocks() > 0) {
      throw new UnsupportedOperationException(engine.toString());
    }
    return new PrefillWorker();
  }

  /** The worker's name in the cluster. */
  public String id() {
    return "";
  }

  /** host:port of the control services. */
  public String controlEndpoint() {
    return "";
  }

  /** http://host:port of /metrics, /healthz and /readyz. */
  public String adminEndpoint() {
    return "";
  }

  /** The worker's incarnation: the czxid of its node in ZooKeeper. */
  public long epoch() {
    return 0;
  }

  @Override
  public void close() {}

  /**
   * How a prefill worker runs.
   *
   * @param id unique among workers; membership, logs and metrics carry it
   * @param modelDirectory Hugging Face model directory
   * @param modelName name by which routers know the model
   * @param zookeeper connect string of ZooKeeper
   * @param host address to bind to and to advertise
   * @param controlPort port of control services; 0 picks a free one
   * @param adminPort port of /metrics, /healthz and /readyz; 0 picks a free one
   * @param pool workers of one role on one hardware profile
   * @param blocks blocks of KV in memory
   * @param blockTokens tokens in a block
   * @param threads threads of the engine
   * @param chunkTokens most tokens in one step
   * @param maxQueue most requests that wait for their turn
   * @param stallLimit longest silence of a peer in a handoff, and longest step of the engine that
   *     still counts as life
   * @param drainLimit time that running requests get when the worker closes
   * @param sessionTimeout after this long without contact ZooKeeper drops the worker from
   *     membership
   */
  public record Config(
      String id,
      Path modelDirectory,
      String modelName,
      String zookeeper,
      String host,
      int controlPort,
      int adminPort,
      String pool,
      int blocks,
      int blockTokens,
      int threads,
      int chunkTokens,
      int maxQueue,
      Duration stallLimit,
      Duration drainLimit,
      Duration sessionTimeout) {
    /** Default of {@link #pool}. */
    public static final String DEFAULT_POOL = "default";

    /** Default of {@link #blockTokens}. */
    public static final int DEFAULT_BLOCK_TOKENS = 16;

    /** Default of {@link #chunkTokens}. */
    public static final int DEFAULT_CHUNK_TOKENS = 256;

    /** Default of {@link #maxQueue}. */
    public static final int DEFAULT_MAX_QUEUE = 256;

    /** Default of {@link #stallLimit}. */
    public static final Duration DEFAULT_STALL_LIMIT = Duration.ofSeconds(30);

    /** Default of {@link #drainLimit}. */
    public static final Duration DEFAULT_DRAIN_LIMIT = Duration.ofSeconds(5);

    /** Default of {@link #sessionTimeout}. */
    public static final Duration DEFAULT_SESSION_TIMEOUT = Duration.ofSeconds(10);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the field, the value and what would be right
     */
    public Config {
      Objects.requireNonNull(modelDirectory, "modelDirectory");

      text("id", id);
      text("modelName", modelName);
      text("zookeeper", zookeeper);
      text("host", host);
      text("pool", pool);
      range("controlPort", controlPort, 0, 65535);
      range("adminPort", adminPort, 0, 65535);
      range("blocks", blocks, 1, Integer.MAX_VALUE);
      range("blockTokens", blockTokens, 1, 1024);
      range("threads", threads, 1, 1024);
      range("chunkTokens", chunkTokens, 1, Integer.MAX_VALUE);
      range("maxQueue", maxQueue, 1, Integer.MAX_VALUE);
      positive("stallLimit", stallLimit);
      if (drainLimit.isNegative()) {
        throw new IllegalArgumentException("drainLimit: " + drainLimit + ", expected 0 or more");
      }
      positive("sessionTimeout", sessionTimeout);
    }

    private static void text(String field, String value) {
      if (value.isBlank()) {
        throw new IllegalArgumentException(field + ": empty, expected a text");
      }
    }

    private static void range(String field, int value, int least, int most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            field + ": " + value + ", expected " + least + " to " + most);
      }
    }

    private static void positive(String field, Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException(field + ": " + value + ", expected more than 0");
      }
    }
  }
}
