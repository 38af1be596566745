package dev.baton.client;

import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.List;
import java.util.function.BiConsumer;

/** The real client, over channels and in a time that are given. */
public final class ClientParts {
  private ClientParts() {}

  /** {@code pauses} runs what it is given after so many milliseconds. */
  public static BatonClient client(
      List<ManagedChannel> routers, BiConsumer<Long, Runnable> pauses) {
    return new BatonClient(
        routers,
        null,
        Duration.ofHours(1),
        () -> {},
        (millis, then) -> pauses.accept(millis, then));
  }
}
