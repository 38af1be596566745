package dev.baton.cli.chaos;

import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.Model;
import dev.baton.harness.chaos.Downtimes;
import dev.baton.harness.chaos.Member;
import dev.baton.harness.chaos.Member.Role;
import java.time.Duration;
import java.util.List;

/** What the routers know of the workers, as they say themselves. Thread-safe. */
final class Membership implements AutoCloseable {
  private static final Duration CALL_LIMIT = Duration.ofSeconds(2);
  private static final Duration PAUSE = Duration.ofMillis(100);

  private final List<BatonClient> routers;
  private final Downtimes downtimes;

  /** Of these routers' gRPC doors. */
  Membership(List<String> endpoints, Downtimes downtimes) {
    this.routers =
        endpoints.stream()
            .map(each -> BatonClient.builder(each).deadline(CALL_LIMIT).build())
            .toList();
    this.downtimes = downtimes;
  }

  /** Waits until every router that is up knows all workers that are; whether it came to that. */
  boolean await(Duration limit) throws InterruptedException {
    long end = System.nanoTime() + limit.toNanos();
    while (!isWhole()) {
      if (System.nanoTime() - end > 0) {
        return false;
      }
      Thread.sleep(PAUSE);
    }
    return true;
  }

  private boolean isWhole() {
    for (int i = 0; i < routers.size(); i++) {
      if (!downtimes.isDown(new Member(Role.ROUTER, i)) && !knowsAll(routers.get(i))) {
        return false;
      }
    }
    return true;
  }

  private boolean knowsAll(BatonClient router) {
    try {
      List<Model> models = router.models();
      return models.stream().mapToInt(Model::prefillWorkers).sum() >= downtimes.up(Role.PREFILL)
          && models.stream().mapToInt(Model::decodeWorkers).sum() >= downtimes.up(Role.DECODE);
    } catch (BatonException notNow) {
      return false;
    }
  }

  @Override
  public void close() {
    routers.forEach(BatonClient::close);
  }
}
