package dev.baton.harness.chaos;

import dev.baton.harness.chaos.ChaosRequest.Way;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * Clients of a cluster, of every way of asking. What they ask is over by its deadline and some
 * patience, or counts as hung: nothing here waits for ever. Safe for use by many threads; its calls
 * block.
 */
public final class ChaosClients implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Map<Way, Door> doors;
  private final int routers;
  private final Duration deadline;
  private final Duration patience;

  /**
   * Of these routers.
   *
   * @param grpc host:port of each one's gRPC door
   * @param http host:port of each one's HTTP door, in the same order
   * @param deadline of requests without one of their own
   * @param apiKey whose blocks of KV are shared with nobody else's
   */
  public static ChaosClients of(
      List<String> grpc, List<String> http, Duration deadline, String apiKey) {
    return new ChaosClients(
        Map.of(
            Way.GRPC, new GrpcDoor(grpc, deadline, apiKey),
            Way.HTTP, new HttpDoor(http, apiKey)),
        grpc.size(),
        deadline,
        PATIENCE);
  }

  ChaosClients(Map<Way, Door> doors, int routers, Duration deadline, Duration patience) {
    this.doors = Map.copyOf(doors);
    this.routers = routers;
    this.deadline = deadline;
    this.patience = patience;
  }

  /** How many routers may be asked. */
  int routers() {
    return routers;
  }

  /** Asks a router, from 0, and listens until the stream is over. */
  public Heard ask(ChaosRequest request, int router) throws InterruptedException {
    Door door = doors.get(request.way());
    if (door == null) {
      throw new IllegalArgumentException("no door for " + request.way());
    }
    Ear ear = new Ear(request, System::nanoTime);
    Thread asking =
        Thread.ofVirtual()
            .name("request-" + request.number())
            .start(() -> door.ask(request, router, ear));
    try {
      if (!asking.join(request.deadline().orElse(deadline).plus(patience))) {
        ear.gaveUp();
      }
    } finally {
      asking.interrupt();
      asking.join();
    }
    return ear.heard();
  }

  @Override
  public void close() {
    doors.values().forEach(Door::close);
  }
}
