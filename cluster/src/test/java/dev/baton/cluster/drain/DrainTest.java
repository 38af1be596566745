package dev.baton.cluster.drain;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.internal.v1.DrainProgress;
import dev.baton.proto.internal.v1.DrainState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a drain does in which order, with requests and peers that the test plays. */
class DrainTest {
  private final List<String> events = new ArrayList<>();
  private final List<DrainProgress> told = new ArrayList<>();
  private int requests;
  private int waits;

  /** Ends one request at each wait, until so many are left. */
  private final class Requests implements Draining {
    private final int stay;

    Requests(int count, int stay) {
      requests = count;
      this.stay = stay;
    }

    @Override
    public void refuseNew() {
      events.add("refuse");
    }

    @Override
    public boolean isDraining() {
      return events.contains("refuse");
    }

    @Override
    public int requests() {
      return requests;
    }

    @Override
    public boolean awaitNone(Duration limit) {
      waits++;
      if (requests > stay) {
        requests--;
      }
      return requests == 0;
    }

    @Override
    public int handBack(Duration left) {
      events.add(left.isZero() ? "all back" : "back");
      int back = left.isZero() ? requests : requests - stay > 1 ? 1 : 0;
      requests -= back;
      return back;
    }
  }

  /** Has one block to move for each time that somebody waited. */
  private final class Blocks implements Evacuation {
    private int moved;

    @Override
    public boolean hasPeers() {
      return true;
    }

    @Override
    public void round(Duration limit, Runnable one) {
      events.add("move");
      while (moved < waits) {
        moved++;
        one.run();
      }
    }

    @Override
    public int toMove() {
      return waits;
    }

    @Override
    public int moved() {
      return moved;
    }

    @Override
    public void close() {
      events.add("leave peers");
    }
  }

  private void drain(Draining work, Duration limit, Evacuation blocks) {
    new Drain(work, limit, _ -> blocks, told::add).run();
  }

  @Test
  void withPeersRequestsThatWouldOutliveTheLimitAreGivenBackBeforeAnythingElse() {
    drain(new Requests(3, 0), Duration.ofMinutes(1), new Blocks());

    assertThat(events).startsWith("refuse", "back", "move");
    assertThat(told.getLast().getHandedBack()).isEqualTo(1);
    assertThat(events).doesNotContain("all back");
  }

  @Test
  void blocksThatTheLastRequestLeftMoveToo() {
    drain(new Requests(2, 0), Duration.ofMinutes(1), new Blocks());

    assertThat(events).endsWith("move", "leave peers");
    assertThat(told.getLast().getBlocksMoved()).isEqualTo(waits).isPositive();
    assertThat(told.getLast().getRequests()).isZero();
  }

  @Test
  void withoutPeersRequestsGetAllOfTheTime() {
    drain(new Requests(3, 0), Duration.ofMinutes(1), Evacuation.NONE);

    assertThat(events).containsExactly("refuse");
    assertThat(told.getLast().getHandedBack()).isZero();
  }

  @Test
  void whatIsLeftAtTheLimitIsGivenBack() {
    drain(new Requests(3, 2), Duration.ofMillis(1), Evacuation.NONE);

    assertThat(events).containsExactly("refuse", "all back");
    assertThat(told.getLast().getHandedBack()).isEqualTo(2);
    assertThat(told).allMatch(each -> each.getState() == DrainState.DRAIN_STATE_DRAINING);
    assertThat(told).allMatch(each -> each.getLimitMs() == 1);
  }
}
