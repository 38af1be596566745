package dev.baton.cli.drain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.drain.DrainingMember.End;
import dev.baton.proto.internal.v1.DrainProgress;
import dev.baton.proto.internal.v1.DrainState;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DrainingMemberTest {
  private final DrainingMember member =
      new DrainingMember(
          new Target("d-1", Target.Role.DECODE, "default", Optional.empty(), 7), at(0));

  private static long at(double seconds) {
    return (long) (seconds * TimeUnit.SECONDS.toNanos(1));
  }

  private static Optional<DrainProgress> said(DrainState state, int requests) {
    return Optional.of(
        DrainProgress.newBuilder()
            .setState(state)
            .setLimitMs(5000)
            .setRequests(requests)
            .setHandedBack(2)
            .setBlocksToMove(40)
            .setBlocksMoved(30)
            .build());
  }

  private static Optional<DrainProgress> draining(int requests) {
    return said(DrainState.DRAIN_STATE_DRAINING, requests);
  }

  @Test
  void lastWordIsTheEndAlsoWhereTheMemberHasLeftBefore() {
    member.look(draining(1), true, at(1));
    assertThat(member.state()).isEqualTo("d-1: 1 request left, 30 of 40 blocks at peers");
    member.look(draining(0), false, at(2));
    member.look(said(DrainState.DRAIN_STATE_OVER, 0), false, at(2.5));

    assertThat(member.end()).contains(End.DRAINED);
    assertThat(member.account())
        .isEqualTo("d-1: drained in 2.5 s; 2 requests given back, 30 of 40 blocks at peers");
    assertThat(member.report()).containsEntry("end", "drained").containsEntry("seconds", 2.5);
  }

  @Test
  void memberThatIsGoneWithoutALastWordVanished() {
    member.look(draining(3), true, at(1));
    member.look(draining(3), false, at(2));
    assertThat(member.end()).isEmpty();
    member.look(draining(3), false, at(5.1));

    assertThat(member.end()).contains(End.VANISHED);
    assertThat(member.account()).contains("without a last word, with 3 requests");
  }

  @Test
  void memberThatNeverTakesTheOrderIsSilent() {
    member.look(Optional.empty(), true, at(9));
    assertThat(member.end()).isEmpty();
    member.look(Optional.empty(), true, at(10.1));

    assertThat(member.end()).contains(End.SILENT);
    assertThat(member.account()).contains("did not take the order within 10 s");
  }

  @Test
  void memberThatIsThereLongAfterItsLimitIsLateAndWhatIsLeftIsSaid() {
    member.look(draining(4), true, at(24.9));
    assertThat(member.end()).isEmpty();
    member.look(draining(4), true, at(25.1));

    assertThat(member.end()).contains(End.LATE);
    assertThat(member.account()).contains("its limit of 5.0 s, with 4 requests");
    assertThat(member.report()).containsEntry("requests_left", 4);
  }
}
