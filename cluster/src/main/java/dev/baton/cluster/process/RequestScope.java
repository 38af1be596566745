package dev.baton.cluster.process;

import org.slf4j.MDC;

/**
 * While it is open, log lines of this thread carry {@code request_id}. Open it in a try statement
 * on the thread that works for the request; a thread that was started inside needs one of its own.
 */
public final class RequestScope implements AutoCloseable {
  /** Name of the field in the log. */
  public static final String FIELD = "request_id";

  private final MDC.MDCCloseable field;

  private RequestScope(MDC.MDCCloseable field) {
    this.field = field;
  }

  /** Opens a scope for the request of this id. */
  public static RequestScope open(String requestId) {
    return new RequestScope(MDC.putCloseable(FIELD, requestId));
  }

  @Override
  public void close() {
    field.close();
  }
}
