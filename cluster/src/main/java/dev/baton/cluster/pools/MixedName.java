package dev.baton.cluster.pools;

import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.Optional;

/**
 * The name of a worker that offers both roles on one chip. Each of its roles is a member of the
 * cluster of its own, {@code NAME-prefill} and {@code NAME-decode}; rules about roles say {@code
 * NAME}.
 *
 * @param name as it was started
 */
public record MixedName(String name) {
  /** Id of the member that has this role. */
  public String member(WorkerRole role) {
    return name + suffix(role);
  }

  /** Id of the member that has the other role. */
  public String otherMember(WorkerRole role) {
    return member(
        role == WorkerRole.WORKER_ROLE_PREFILL
            ? WorkerRole.WORKER_ROLE_DECODE
            : WorkerRole.WORKER_ROLE_PREFILL);
  }

  /** The mixed worker that a member belongs to; empty for one with a chip of its own. */
  public static Optional<MixedName> of(WorkerRegistration member) {
    String id = member.getId();
    String suffix = suffix(member.getRole());
    if (member.getSharesChipWith().isEmpty() || !id.endsWith(suffix)) {
      return Optional.empty();
    }
    return Optional.of(new MixedName(id.substring(0, id.length() - suffix.length())));
  }

  private static String suffix(WorkerRole role) {
    return role == WorkerRole.WORKER_ROLE_PREFILL ? "-prefill" : "-decode";
  }
}
