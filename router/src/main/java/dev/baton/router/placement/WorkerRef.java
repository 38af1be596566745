package dev.baton.router.placement;

/**
 * One incarnation of a worker.
 *
 * @param id unique in the cluster
 * @param epoch czxid of its node: a restart is another one
 */
public record WorkerRef(String id, long epoch) {
  @Override
  public String toString() {
    return id + "@" + epoch;
  }
}
