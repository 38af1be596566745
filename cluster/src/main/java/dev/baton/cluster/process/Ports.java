package dev.baton.cluster.process;

import dev.baton.cluster.error.StartException;

/** What to say when a port cannot be had. */
final class Ports {
  private Ports() {}

  static StartException cannotBind(String what, String host, int port, Exception why) {
    Throwable cause = why.getCause() == null ? why : why.getCause();
    return new StartException(
        StartException.Reason.CANNOT_BIND,
        "%s port %s:%d cannot be bound (%s); stop what holds it, or choose another, 0 for a free one"
            .formatted(what, host, port, cause.getMessage()),
        why);
  }
}
