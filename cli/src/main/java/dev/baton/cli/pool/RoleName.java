package dev.baton.cli.pool;

import dev.baton.proto.internal.v1.WorkerRole;
import java.util.Locale;
import java.util.Set;

/** Roles as people write them. */
enum RoleName {
  /** Reads prompts. */
  PREFILL,
  /** Writes answers. */
  DECODE,
  /** Does both. */
  BOTH;

  Set<WorkerRole> roles() {
    return switch (this) {
      case PREFILL -> Set.of(WorkerRole.WORKER_ROLE_PREFILL);
      case DECODE -> Set.of(WorkerRole.WORKER_ROLE_DECODE);
      case BOTH -> Set.of(WorkerRole.WORKER_ROLE_PREFILL, WorkerRole.WORKER_ROLE_DECODE);
    };
  }

  /** The name of these roles. */
  static RoleName of(Set<WorkerRole> roles) {
    return roles.size() == 2 ? BOTH : PREFILL.roles().equals(roles) ? PREFILL : DECODE;
  }

  /** As it is typed and shown. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
