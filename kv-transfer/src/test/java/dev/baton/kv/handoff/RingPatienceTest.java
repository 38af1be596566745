package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class RingPatienceTest {
  private final RingPatience patience = new RingPatience(100);

  @Test
  void isOverAfterSoLongWithoutAMove() {
    assertThat(patience.isOver(7)).isFalse();
    assertThat(patience.isOver(106)).isFalse();
    assertThat(patience.isOver(107)).isTrue();
  }

  @Test
  void beginsAnewWithEachMove() {
    assertThat(patience.isOver(0)).isFalse();
    patience.rewarded();
    assertThat(patience.isOver(90)).isFalse();
    assertThat(patience.isOver(189)).isFalse();
    assertThat(patience.isOver(190)).isTrue();
  }
}
