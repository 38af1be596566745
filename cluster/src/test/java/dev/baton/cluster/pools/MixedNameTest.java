package dev.baton.cluster.pools;

import static dev.baton.proto.internal.v1.WorkerRole.WORKER_ROLE_DECODE;
import static dev.baton.proto.internal.v1.WorkerRole.WORKER_ROLE_PREFILL;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MixedNameTest {
  private static WorkerRegistration member(String id, WorkerRole role, String other) {
    return WorkerRegistration.newBuilder().setId(id).setRole(role).setSharesChipWith(other).build();
  }

  @ParameterizedTest
  @EnumSource(names = {"WORKER_ROLE_PREFILL", "WORKER_ROLE_DECODE"})
  void memberOfEitherRoleLeadsBackToTheName(WorkerRole role) {
    MixedName name = new MixedName("gpu-7");
    assertThat(MixedName.of(member(name.member(role), role, name.otherMember(role))))
        .contains(name);
  }

  @Test
  void workerWithAChipOfItsOwnIsNotMixedWhateverItsNameEndsIn() {
    assertThat(MixedName.of(member("a-prefill", WORKER_ROLE_PREFILL, ""))).isEmpty();
    assertThat(MixedName.of(member("a-prefill", WORKER_ROLE_DECODE, "b"))).isEmpty();
  }
}
