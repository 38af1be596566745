package dev.baton.cluster.drain;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;

/** What operators see of drains, on both sides. */
public final class EvacuationMetrics {
  private final Counter sent;
  private final Counter received;
  private final Counter handedBack;

  /** All are zero, and shown. */
  public EvacuationMetrics(MeterRegistry meters) {
    this.sent = evacuated(meters, "sent");
    this.received = evacuated(meters, "received");
    this.handedBack =
        Counter.builder("baton.handed.back.requests")
            .description("Requests that this worker gave back because it drains")
            .register(meters);
  }

  private static Counter evacuated(MeterRegistry meters, String direction) {
    return Counter.builder("baton.evacuated.blocks")
        .description("Blocks that peers fetched from a worker that drains")
        .tag("direction", direction)
        .register(meters);
  }

  /** Peers fetched so many blocks here. */
  void sent(int blocks) {
    sent.increment(blocks);
  }

  /** So many blocks came from a worker that drains. */
  void received(int blocks) {
    received.increment(blocks);
  }

  /** So many requests were given back. */
  public void handedBack(int requests) {
    handedBack.increment(requests);
  }
}
