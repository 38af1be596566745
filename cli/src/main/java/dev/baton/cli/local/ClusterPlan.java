package dev.baton.cli.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a local cluster shall be.
 *
 * @param model directory of the model that it serves
 * @param workers at least one of each role
 * @param routerArguments of {@code baton router}, but for those of every cluster
 * @param httpPort of the router; 0 picks a free one
 * @param grpcPort of the router; 0 picks a free one
 * @param startLimit longest time until everything is ready
 */
public record ClusterPlan(
    Path model,
    List<WorkerPlan> workers,
    List<String> routerArguments,
    int httpPort,
    int grpcPort,
    Duration startLimit) {
  /** How long a cluster may take to start where nobody says otherwise. */
  public static final Duration DEFAULT_START_LIMIT = Duration.ofMinutes(2);

  /** The smallest cluster there is, on free ports. */
  public static ClusterPlan smallest(Path model) {
    return of(model, 1, 1, 0, 0, Optional.empty(), DEFAULT_START_LIMIT);
  }

  /**
   * A cluster of equal workers with the embedded engine.
   *
   * @param prefillWorkers at least 1
   * @param decodeWorkers at least 1
   * @param diskTier where prefill workers keep blocks of KV on disk, each in a directory of its
   *     own; empty for in memory only
   */
  public static ClusterPlan of(
      Path model,
      int prefillWorkers,
      int decodeWorkers,
      int httpPort,
      int grpcPort,
      Optional<Path> diskTier,
      Duration startLimit) {
    List<WorkerPlan> workers = new ArrayList<>();
    for (int i = 1; i <= prefillWorkers; i++) {
      String id = "prefill-" + i;
      List<String> disk =
          diskTier
              .map(directory -> directory.toAbsolutePath().resolve(id).toString())
              .map(directory -> List.of("--disk-tier", directory))
              .orElse(List.of());
      workers.add(new WorkerPlan("prefill", id, disk, List.of()));
    }
    for (int i = 1; i <= decodeWorkers; i++) {
      workers.add(new WorkerPlan("decode", "decode-" + i, List.of(), List.of()));
    }
    return new ClusterPlan(model, List.copyOf(workers), List.of(), httpPort, grpcPort, startLimit);
  }

  /** The same, with further arguments of every worker. */
  public ClusterPlan withWorkerArguments(List<String> further) {
    return new ClusterPlan(
        model,
        workers.stream().map(each -> each.with(further)).toList(),
        routerArguments,
        httpPort,
        grpcPort,
        startLimit);
  }
}
