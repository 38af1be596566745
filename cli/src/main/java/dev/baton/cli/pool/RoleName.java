package dev.baton.cli.pool;

import dev.baton.proto.internal.v1.WorkerRole;
import java.util.Locale;
import java.util.Set;

/** Roles as people write them. */
enum RoleName {
  /** Reads prompts. */
  PREFILL(Set.of(WorkerRole.WORKER_ROLE_PREFILL)),
  /** Writes answers. */
  DECODE(Set.of(WorkerRole.WORKER_ROLE_DECODE)),
  /** Does both. */
  BOTH(Set.of(WorkerRole.WORKER_ROLE_PREFILL, WorkerRole.WORKER_ROLE_DECODE));

  private final Set<WorkerRole> roles;

  RoleName(Set<WorkerRole> roles) {
    this.roles = roles;
  }

  Set<WorkerRole> roles() {
    return roles;
  }

  /** The name of these roles. */
  static RoleName of(Set<WorkerRole> roles) {
    return roles.size() == 2 ? BOTH : PREFILL.roles.equals(roles) ? PREFILL : DECODE;
  }

  /** As it is typed and shown. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
