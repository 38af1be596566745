package dev.baton.router;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * One router process: both front doors, the view of the cluster, and all requests in between.
 * Several routers may serve one cluster; they know nothing of each other.
 */
public final class Router implements AutoCloseable {
  private Router() {}

  /**
   * Starts a router and returns when both doors are open; workers may come later.
   *
   * @throws dev.baton.model.ModelException if the model directory cannot be used
   * @throws IllegalStateException if a port is taken or ZooKeeper does not answer
   */
  public static Router start(Config config) {
    if (config.httpPort() >= 0) {
      throw new UnsupportedOperationException();
    }
    return new Router();
  }

  /** Port of the OpenAI HTTP door, with /metrics, /healthz and /readyz. */
  public int httpPort() {
    return 0;
  }

  /** Port of the gRPC door, with health and reflection. */
  public int grpcPort() {
    return 0;
  }

  /**
   * Refuses new requests, gives running ones {@link Config#drainLimit} to end, fails the rest with
   * DRAINING, and closes every port and connection. Blocking, idempotent.
   */
  @Override
  public void close() {}

  /**
   * How a router runs.
   *
   * @param id unique among routers, for logs and metrics
   * @param modelDirectory the model whose tokenizer, chat template and defaults this router uses
   * @param modelName name by which clients and workers know the model
   * @param zookeeper connect string of ZooKeeper
   * @param host address to bind both doors to
   * @param httpPort port of the HTTP door; 0 picks a free one
   * @param grpcPort port of the gRPC door; 0 picks a free one
   * @param defaultMaxTokens length of an answer where the request says nothing, cut to the context
   * @param requestDeadline longest time of one request
   * @param stallLimit longest silence of a worker
   * @param tenantSecret from it the salts of tenants are derived; the same on all routers of a
   *     cluster, or they share no cached prefixes
   * @param maxRequests most requests at once
   * @param maxBodyBytes longest body of an HTTP request
   * @param drainLimit time that running requests get when the router closes
   */
  public record Config(
      String id,
      Path modelDirectory,
      String modelName,
      String zookeeper,
      String host,
      int httpPort,
      int grpcPort,
      int defaultMaxTokens,
      Duration requestDeadline,
      Duration stallLimit,
      String tenantSecret,
      int maxRequests,
      int maxBodyBytes,
      Duration drainLimit) {

    /** Default of {@link #defaultMaxTokens}. */
    public static final int DEFAULT_MAX_TOKENS = 1024;

    /** Default of {@link #requestDeadline}. */
    public static final Duration DEFAULT_REQUEST_DEADLINE = Duration.ofMinutes(10);

    /** Default of {@link #stallLimit}. */
    public static final Duration DEFAULT_STALL_LIMIT = Duration.ofSeconds(30);

    /** Default of {@link #maxRequests}. */
    public static final int DEFAULT_MAX_REQUESTS = 1024;

    /** Default of {@link #maxBodyBytes}. */
    public static final int DEFAULT_MAX_BODY_BYTES = 8 << 20;

    /** Default of {@link #drainLimit}. */
    public static final Duration DEFAULT_DRAIN_LIMIT = Duration.ofSeconds(5);

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
      if (tenantSecret.length() < 16) {
        throw new IllegalArgumentException(
            "tenantSecret: " + tenantSecret.length() + " characters, expected at least 16");
      }
      range("httpPort", httpPort, 0, 65535);
      range("grpcPort", grpcPort, 0, 65535);
      range("defaultMaxTokens", defaultMaxTokens, 1, Integer.MAX_VALUE);
      range("maxRequests", maxRequests, 1, Integer.MAX_VALUE);
      range("maxBodyBytes", maxBodyBytes, 1, 1 << 30);
      positive("requestDeadline", requestDeadline);
      positive("stallLimit", stallLimit);
      if (drainLimit.isNegative()) {
        throw new IllegalArgumentException("drainLimit: " + drainLimit + ", expected 0 or more");
      }
    }

    /** With the defaults of limits that few change. */
    public Config(
        String id,
        Path modelDirectory,
        String modelName,
        String zookeeper,
        String host,
        int httpPort,
        int grpcPort,
        int defaultMaxTokens,
        Duration requestDeadline,
        Duration stallLimit,
        String tenantSecret) {
      this(
          id,
          modelDirectory,
          modelName,
          zookeeper,
          host,
          httpPort,
          grpcPort,
          defaultMaxTokens,
          requestDeadline,
          stallLimit,
          tenantSecret,
          DEFAULT_MAX_REQUESTS,
          DEFAULT_MAX_BODY_BYTES,
          DEFAULT_DRAIN_LIMIT);
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

    /** Says all but the secret. */
    @Override
    public String toString() {
      return "Config[id=%s, model=%s (%s), zookeeper=%s, host=%s, http=%d, grpc=%d, maxTokens=%d, deadline=%s, stall=%s, requests=%d, body=%d, drain=%s]"
          .formatted(
              id,
              modelName,
              modelDirectory,
              zookeeper,
              host,
              httpPort,
              grpcPort,
              defaultMaxTokens,
              requestDeadline,
              stallLimit,
              maxRequests,
              maxBodyBytes,
              drainLimit);
    }
  }
}
