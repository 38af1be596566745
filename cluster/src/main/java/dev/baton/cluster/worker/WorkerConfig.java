package dev.baton.cluster.worker;

import dev.baton.cluster.config.Require;
import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import java.time.Duration;
import java.util.Objects;

/**
 * How a worker runs, whatever its role.
 *
 * @param id unique among workers; membership, logs and metrics carry it
 * @param modelName name by which routers know the model
 * @param zookeeper connect string of ZooKeeper
 * @param host address to bind to and to advertise
 * @param controlPort port of control services; 0 picks a free one
 * @param kvPort port where KV goes in and out; 0 picks a free one
 * @param adminPort port of /metrics, /healthz and /readyz; 0 picks a free one
 * @param advertised where others reach the worker, where it is not the bound address
 * @param pool workers of one role on one hardware profile
 * @param blocks blocks of KV in memory
 * @param maxQueue most requests that wait for their turn or for room
 * @param stallLimit longest silence of a peer in a handoff, and longest time without progress in a
 *     step of the engine that still counts as life
 * @param drainLimits what bounds the drain when the worker closes
 * @param sessionTimeout after this long without contact ZooKeeper drops the worker from membership
 */
public record WorkerConfig(
    String id,
    String modelName,
    String zookeeper,
    String host,
    int controlPort,
    int kvPort,
    int adminPort,
    AdvertisedEndpoints advertised,
    String pool,
    int blocks,
    int maxQueue,
    Duration stallLimit,
    DrainLimits drainLimits,
    Duration sessionTimeout) {
  /** Default of {@link #pool}. */
  public static final String DEFAULT_POOL = "default";

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException naming the field, the value and what would be right
   */
  public WorkerConfig {
    Objects.requireNonNull(advertised, "advertised");
    Objects.requireNonNull(drainLimits, "drainLimits");
    Require.text("id", id);
    Require.text("modelName", modelName);
    Require.text("zookeeper", zookeeper);
    Require.text("host", host);
    Require.text("pool", pool);
    Require.range("controlPort", controlPort, 0, 65535);
    Require.range("kvPort", kvPort, 0, 65535);
    Require.range("adminPort", adminPort, 0, 65535);
    Require.range("blocks", blocks, 1, Integer.MAX_VALUE);
    Require.range("maxQueue", maxQueue, 1, Integer.MAX_VALUE);
    Require.positive("stallLimit", stallLimit);
    Require.positive("sessionTimeout", sessionTimeout);
  }
}
