package dev.baton.cli.local;

import java.util.List;
import java.util.stream.Stream;

/**
 * A worker of a local cluster.
 *
 * @param role {@code prefill}, {@code decode} or {@code mixed}, which is both
 * @param id unique in the cluster; begins with the role
 * @param arguments of {@code baton worker ROLE}, but for those that all servers share
 * @param jvmFlags of its own
 */
public record WorkerPlan(String role, String id, List<String> arguments, List<String> jvmFlags) {
  /** Whether it can take this role. */
  boolean offers(String wanted) {
    return role.equals(wanted) || role.equals("mixed");
  }

  /** The same, with further arguments. */
  WorkerPlan with(List<String> further) {
    return new WorkerPlan(
        role, id, Stream.concat(arguments.stream(), further.stream()).toList(), jvmFlags);
  }

  /** Its command line, after {@code baton}. */
  public List<String> command(List<String> shared) {
    return Stream.of(List.of("worker", role, "--id", id), shared, arguments)
        .flatMap(List::stream)
        .toList();
  }
}
