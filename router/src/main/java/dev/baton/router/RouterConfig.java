package dev.baton.router;

import dev.baton.cluster.config.Require;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.generation.RecoveryLimits;
import dev.baton.router.placement.JointObjective;
import dev.baton.router.placement.LocalPrefillRule;
import dev.baton.router.placement.PlacementPolicy;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

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
 * @param admission what bounds requests that run and that wait
 * @param tenants what tenants are granted
 * @param maxBodyBytes longest body of an HTTP request
 * @param drainLimit time that running requests get when the router closes
 * @param policy places requests
 * @param objective what the joint policy weighs
 * @param recovery what bounds the search for other workers when a request lost one
 */
public record RouterConfig(
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
    AdmissionLimits admission,
    TenantPolicies tenants,
    int maxBodyBytes,
    Duration drainLimit,
    PlacementPolicy policy,
    JointObjective objective,
    RecoveryLimits recovery) {

  /** Default of {@link #defaultMaxTokens}. */
  public static final int DEFAULT_MAX_TOKENS = 1024;

  /** Default of {@link #requestDeadline}. */
  public static final Duration DEFAULT_REQUEST_DEADLINE = Duration.ofMinutes(10);

  /** Default of {@link #stallLimit}. */
  public static final Duration DEFAULT_STALL_LIMIT = Duration.ofSeconds(30);

  /** Default of {@link #maxBodyBytes}. */
  public static final int DEFAULT_MAX_BODY_BYTES = 8 << 20;

  /** Default of {@link #policy}. */
  public static final PlacementPolicy DEFAULT_POLICY = PlacementPolicy.JOINT;

  /** Default of {@link #objective}: a second to the first token, ten tokens a second after it. */
  public static final JointObjective DEFAULT_OBJECTIVE =
      new JointObjective(1, 0.1, 0, 0, LocalPrefillRule.NEVER, 128);

  /** Default of {@link #drainLimit}. */
  public static final Duration DEFAULT_DRAIN_LIMIT = Duration.ofSeconds(5);

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public RouterConfig {
    Objects.requireNonNull(modelDirectory, "modelDirectory");
    Require.text("id", id);
    Require.text("modelName", modelName);
    Require.text("zookeeper", zookeeper);
    Require.text("host", host);
    if (tenantSecret.length() < 16) {
      throw new IllegalArgumentException(
          "tenantSecret: " + tenantSecret.length() + " characters, expected at least 16");
    }
    Require.range("httpPort", httpPort, 0, 65535);
    Require.range("grpcPort", grpcPort, 0, 65535);
    Require.range("defaultMaxTokens", defaultMaxTokens, 1, Integer.MAX_VALUE);
    Require.range("maxBodyBytes", maxBodyBytes, 1, 1 << 30);
    Require.positive("requestDeadline", requestDeadline);
    Require.positive("stallLimit", stallLimit);
    if (drainLimit.isNegative()) {
      throw new IllegalArgumentException("drainLimit: " + drainLimit + ", expected 0 or more");
    }
  }

  /** With the defaults of limits that few change. */
  public RouterConfig(
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
        AdmissionLimits.DEFAULT,
        TenantPolicies.NONE,
        DEFAULT_MAX_BODY_BYTES,
        DEFAULT_DRAIN_LIMIT,
        DEFAULT_POLICY,
        DEFAULT_OBJECTIVE,
        RecoveryLimits.DEFAULT);
  }

  /** Says all but the secret. */
  @Override
  public String toString() {
    return "RouterConfig[id=%s, model=%s (%s), zookeeper=%s, host=%s, http=%d, grpc=%d, maxTokens=%d, deadline=%s, stall=%s, %s, tenants=%s, body=%d, drain=%s, placement=%s, objective=%s, recovery=%s]"
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
            admission,
            tenants,
            maxBodyBytes,
            drainLimit,
            policy,
            objective,
            recovery);
  }
}
