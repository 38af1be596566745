package dev.baton.cli.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * What a local cluster shall be.
 *
 * @param model directory of the model that it serves
 * @param prefillWorkers at least 1
 * @param decodeWorkers at least 1
 * @param httpPort of the router; 0 picks a free one
 * @param grpcPort of the router; 0 picks a free one
 * @param diskTier where prefill workers keep blocks of KV on disk, each in a directory of its own;
 *     empty for in memory only
 * @param startLimit longest time until everything is ready
 */
public record ClusterPlan(
    Path model,
    int prefillWorkers,
    int decodeWorkers,
    int httpPort,
    int grpcPort,
    Optional<Path> diskTier,
    Duration startLimit) {
  /** How long a cluster may take to start where nobody says otherwise. */
  public static final Duration DEFAULT_START_LIMIT = Duration.ofMinutes(2);

  /** The smallest cluster there is, on free ports. */
  public static ClusterPlan smallest(Path model) {
    return new ClusterPlan(model, 1, 1, 0, 0, Optional.empty(), DEFAULT_START_LIMIT);
  }
}
