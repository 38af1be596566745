package dev.baton.cluster.membership;

import dev.baton.proto.internal.v1.WorkerRegistration;

/**
 * A worker that is there.
 *
 * @param registration what it says of itself
 * @param epoch its incarnation: the czxid of its node
 */
public record Member(WorkerRegistration registration, long epoch) {
  /** Its id. */
  public String id() {
    return registration.getId();
  }
}
