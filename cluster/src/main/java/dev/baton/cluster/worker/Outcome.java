package dev.baton.cluster.worker;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.ErrorCode;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Locale;

/** How a request ended on a worker. */
public enum Outcome {
  /** All that was asked of this worker is done. */
  COMPLETED,
  /** The caller went away. */
  CANCELLED,
  /** Anything else, refusals included. */
  FAILED;

  /** Of a request that ended early, for this reason. */
  public static Outcome of(BatonException why) {
    return why.code() == ErrorCode.ERROR_CODE_CANCELLED ? CANCELLED : FAILED;
  }

  /** Shows the requests that ended, by how. */
  public static void watch(MeterRegistry meters) {
    for (Outcome outcome : values()) {
      var _ = outcome.counter(meters);
    }
  }

  /** Counts a request that ended so. */
  public void count(MeterRegistry meters) {
    counter(meters).increment();
  }

  private Counter counter(MeterRegistry meters) {
    return Counter.builder("baton.requests")
        .description("Requests that ended, by how")
        .tag("outcome", name().toLowerCase(Locale.ROOT))
        .register(meters);
  }
}
