package dev.baton.cli.node;

import static dev.baton.proto.internal.v1.WorkerRole.WORKER_ROLE_DECODE;
import static dev.baton.proto.internal.v1.WorkerRole.WORKER_ROLE_PREFILL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cli.node.MixedRoles.Running;
import dev.baton.cli.node.MixedRoles.Start;
import dev.baton.engine.Engine;
import dev.baton.engine.LayerListener;
import dev.baton.engine.Span;
import dev.baton.engine.shared.SharedEngine;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.proto.internal.v1.WorkerRole;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class MixedRolesTest {
  private static final Set<WorkerRole> BOTH = Set.of(WORKER_ROLE_PREFILL, WORKER_ROLE_DECODE);

  private final List<String> events = new ArrayList<>();
  private String failing = "";
  private boolean hanging;

  private final MixedRoles roles =
      new MixedRoles(
          new SharedEngine(new IdleEngine(), 1, _ -> 1),
          Map.of(
              WORKER_ROLE_PREFILL, role("prefill"),
              WORKER_ROLE_DECODE, role("decode")));

  private Start role(String name) {
    return lease -> {
      if (failing.equals(name)) {
        lease.close();
        throw new IllegalStateException("cannot");
      }
      events.add("begin " + name);
      return new Running(() -> end(name, lease), Map.of(name + "-control", "h:1"));
    };
  }

  private void end(String name, Engine lease) {
    events.add("end " + name);
    if (!hanging) {
      lease.close();
    }
  }

  /** Says when it is closed. */
  private final class IdleEngine implements Engine {
    @Override
    public Layout layout() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Lineage lineage() {
      throw new UnsupportedOperationException();
    }

    @Override
    public int vocabulary() {
      return 1;
    }

    @Override
    public int contextTokens() {
      return 1;
    }

    @Override
    public void run(List<Span> batch, LayerListener listener) {}

    @Override
    public void close() {
      events.add("close engine");
    }
  }

  @Test
  void lostRoleEndsBeforeTheGainedOneBeginsAndTheEngineStays() {
    roles.become(Set.of(WORKER_ROLE_PREFILL));
    roles.become(Set.of(WORKER_ROLE_DECODE));
    assertThat(events).containsExactly("begin prefill", "end prefill", "begin decode");
    assertThat(roles.endpoints()).containsOnlyKeys("decode-control");
  }

  @Test
  void roleThatStaysIsNotTouched() {
    roles.become(BOTH);
    events.clear();
    roles.become(BOTH);
    roles.become(Set.of(WORKER_ROLE_DECODE));
    assertThat(events).containsExactly("end prefill");
  }

  @Test
  void roleThatCannotBeginIsTriedAgainAndDoesNotHinderTheOther() {
    failing = "prefill";
    assertThatThrownBy(() -> roles.become(BOTH)).hasMessage("cannot");
    assertThat(events).containsExactly("begin decode");
    failing = "";
    roles.become(BOTH);
    assertThat(events).containsExactly("begin decode", "begin prefill");
  }

  @Test
  void engineClosesLastAndNothingBeginsAfterIt() {
    roles.become(Set.of(WORKER_ROLE_DECODE));
    roles.close();
    roles.close();
    roles.become(BOTH);
    assertThat(events).containsExactly("begin decode", "end decode", "close engine");
  }

  @Test
  void engineIsNotClosedUnderALoopThatDidNotComeBack() {
    hanging = true;
    roles.become(Set.of(WORKER_ROLE_DECODE));
    roles.close();
    assertThat(events).containsExactly("begin decode", "end decode");
  }
}
