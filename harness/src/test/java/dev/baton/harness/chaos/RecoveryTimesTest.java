package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.chaos.Heard.Ending;
import dev.baton.harness.chaos.Member.Role;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RecoveryTimesTest {
  private static final long MS = 1_000_000;

  private final RecoveryTimes times = new RecoveryTimes();

  private static Fault fault(int number, FaultKind kind) {
    return new Fault(number, kind, new Member(Role.DECODE, 0), 1, Duration.ZERO, Duration.ZERO, 0);
  }

  private static Heard stream(Ending ending, long beginMs, long... tokensMs) {
    List<Long> tokens = Arrays.stream(tokensMs).mapToObj(each -> each * MS).toList();
    return new Heard(
        List.of(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        beginMs * MS,
        (tokens.isEmpty() ? beginMs * MS : tokens.getLast()) + MS,
        tokens,
        ending,
        Optional.empty());
  }

  @Test
  void timeIsFromTheLastTokenBeforeToTheFirstAfterOfTheStreamThatWaitedLongest() {
    times.began(fault(0, FaultKind.KILL_DECODE), 100 * MS);
    times.over(stream(Ending.COMPLETED, 0, 80, 95, 105, 110));
    times.over(stream(Ending.COMPLETED, 0, 80, 90, 700, 710));

    assertThat(times.millis().get(FaultKind.KILL_DECODE)).containsExactly(610);
  }

  @Test
  void streamWithoutATokenYetWaitsFromTheFaultOn() {
    times.began(fault(0, FaultKind.KILL_PREFILL), 100 * MS);
    times.over(stream(Ending.COMPLETED, 20, 350, 360));

    assertThat(times.millis().get(FaultKind.KILL_PREFILL)).containsExactly(250);
  }

  @Test
  void streamsBeforeAndAfterAFaultSayNothingOfIt() {
    times.began(fault(0, FaultKind.KV_RESET), 100 * MS);
    times.over(stream(Ending.COMPLETED, 0, 10, 20));
    times.over(stream(Ending.COMPLETED, 101, 500, 510));

    assertThat(times.millis()).isEmpty();
  }

  @Test
  void streamThatHungIsNoRecovery() {
    times.began(fault(0, FaultKind.KILL_DECODE), 100 * MS);
    times.over(stream(Ending.HUNG, 0, 90, 60_000));

    assertThat(times.millis()).isEmpty();
  }

  @Test
  void timesOfAKindAreSorted() {
    times.began(fault(0, FaultKind.KV_RESET), 100 * MS);
    times.began(fault(1, FaultKind.KV_RESET), 1_000 * MS);
    times.over(stream(Ending.COMPLETED, 0, 99, 400, 999, 1_010));

    assertThat(times.millis().get(FaultKind.KV_RESET)).containsExactly(11, 301);
  }
}
