package dev.baton.engine.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class TeamTest {
  @Test
  void everyUnitRunsOnceWhateverTheSplit() {
    for (int members = 1; members <= 4; members++) {
      try (Team team = new Team(members)) {
        for (int units : new int[] {0, 1, 2, 3, 4, 5, 19, 300, 1_001}) {
          AtomicIntegerArray runs = new AtomicIntegerArray(units + 1);
          team.run(
              units,
              (member, from, to) -> {
                for (int unit = from; unit < to; unit++) {
                  runs.incrementAndGet(unit);
                }
              });
          for (int unit = 0; unit <= units; unit++) {
            assertThat(runs.get(unit)).isEqualTo(unit < units ? 1 : 0);
          }
        }
      }
    }
  }

  @Test
  void membersWorkAtTheSameTime() {
    CountDownLatch all = new CountDownLatch(3);
    try (Team team = new Team(3)) {
      team.run(
          3,
          (member, from, to) -> {
            all.countDown();
            await(all); // each waits for the others
          });
    }
    assertThat(all.getCount()).isZero();
  }

  @Test
  void aMemberBeginsAtUnitsOfItsOwn() {
    int members = 3;
    int units = 300;
    AtomicIntegerArray first = new AtomicIntegerArray(members);
    CountDownLatch all = new CountDownLatch(members);
    try (Team team = new Team(members)) {
      team.run(
          units,
          (member, from, to) -> {
            if (first.compareAndSet(member, 0, from + 1)) {
              all.countDown();
              await(all); // else one member might do all
            }
          });
    }
    for (int member = 0; member < members; member++) {
      assertThat(first.get(member) - 1).isEqualTo(member * units / members);
    }
  }

  @Test
  void failureOfAnyMemberReachesTheCallerAfterAllAreDone() {
    try (Team team = new Team(2)) {
      for (int failing = 0; failing < 2; failing++) {
        int who = failing;
        CountDownLatch both = new CountDownLatch(2);
        AtomicBoolean otherIsDone = new AtomicBoolean();
        assertThatThrownBy(() ->
                team.run(
                    2,
                    (member, from, to) -> {
                      both.countDown();
                      await(both); // else one member might do all
                      if (member == who) {
                        throw new IllegalStateException("member " + member);
                      }
                      Thread.onSpinWait();
                      otherIsDone.set(true);
                    }))
            .hasMessage("member " + who);
        assertThat(otherIsDone).isTrue();
      }
      AtomicBoolean ran = new AtomicBoolean();
      team.run(2, (member, from, to) -> ran.set(true));
      assertThat(ran).as("goes on after a failure").isTrue();
    }
  }

  @Test
  void interruptedCallerStillWaitsForAll() {
    CountDownLatch begun = new CountDownLatch(2);
    AtomicBoolean done = new AtomicBoolean();
    try (Team team = new Team(2)) {
      Thread.currentThread().interrupt();
      team.run(
          2,
          (member, from, to) -> {
            begun.countDown();
            await(begun); // else one member might do all
            if (member == 1) {
              done.set(true);
            }
          });
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(done).isTrue();
  }

  @Test
  void closedTeamLeavesNoThread() {
    Team team = new Team(3);
    team.run(3, (member, from, to) -> {});
    team.close();
    team.close();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(each -> each.getName().startsWith("baton-engine-"));
  }

  private static void await(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
