package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.EnumSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LoadGateTest {
  private static final FaultSchedule THREE =
      FaultSchedule.draw(
          1,
          new FaultSchedule.Plan(
              30,
              3,
              new ClusterShape(2, 2, 2),
              EnumSet.allOf(FaultKind.class),
              true,
              Duration.ofSeconds(4)));

  private static Thread load(LoadGate gate, int requests, CountDownLatch over) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            for (int i = 0; i < requests; i++) {
              gate.begin();
            }
            over.countDown();
          } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
          }
        });
  }

  /** Waits until the load can go no further. */
  private static void awaitBlocked(Thread load) {
    while (load.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  @Test
  void requestsOfTheNextFaultBeginWhenTheOneBeforeIsHealed() throws InterruptedException {
    LoadGate gate = new LoadGate(THREE, 1);
    CountDownLatch over = new CountDownLatch(1);
    Thread load = load(gate, 30, over);

    gate.await(THREE.faults().getFirst());
    awaitBlocked(load);
    assertThat(gate.begun()).isEqualTo(10);
    gate.healed();
    gate.await(THREE.faults().get(1));
    gate.healed();
    gate.await(THREE.faults().get(2));
    over.await();
    assertThat(gate.begun()).isEqualTo(30);
  }

  @Test
  void withTwoAtOnceTheSecondBeginsWhileTheFirstIsNotHealed() throws InterruptedException {
    LoadGate gate = new LoadGate(THREE, 2);
    Thread load = load(gate, 30, new CountDownLatch(1));

    gate.await(THREE.faults().getFirst());
    gate.await(THREE.faults().get(1));
    awaitBlocked(load);
    assertThat(gate.begun()).isEqualTo(20);
    load.interrupt();
    load.join();
  }
}
