package dev.baton.cluster.membership;

import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;

/** Registrations for tests. */
final class Workers {
  private Workers() {}

  static WorkerRegistration prefill(String id) {
    return WorkerRegistration.newBuilder()
        .setId(id)
        .setRole(WorkerRole.WORKER_ROLE_PREFILL)
        .setPool("default")
        .setControlEndpoint("127.0.0.1:7001")
        .setPid(4711)
        .setHost("test-host")
        .setBlocks(64)
        .build();
  }

  static WorkerRegistration decode(String id) {
    return prefill(id).toBuilder()
        .setRole(WorkerRole.WORKER_ROLE_DECODE)
        .setKvEndpoint("127.0.0.1:7002")
        .build();
  }
}
