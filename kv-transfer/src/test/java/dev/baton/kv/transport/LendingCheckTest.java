package dev.baton.kv.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class LendingCheckTest {
  @Test
  void thisGrpcTakesLentMemoryAndGivesItBack() {
    assertThatCode(LendingCheck::check).doesNotThrowAnyException();
    assertThat(LendingCheck.passes()).isTrue();
  }
}
