package dev.baton.kv.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which segments {@link RingLender} and {@link PeerRings} keep, and for whom. */
class LentRingsTest {
  private static RingLender.Loan lend(RingLender lender, String target) {
    return lender.lend(target).orElseThrow();
  }

  @Test
  void afterAGoodHandoffTheNextOneToThatTargetHasTheSegmentUnderAnotherNonce() {
    try (RingLender lender = new RingLender()) {
      RingLender.Loan first = lend(lender, "a");
      first.released();
      first.close();
      try (RingLender.Loan second = lend(lender, "a");
          RingLender.Loan other = lend(lender, "b")) {
        assertThat(second.name().descriptor()).isEqualTo(first.name().descriptor());
        assertThat(second.name()).isNotEqualTo(first.name());
        assertThat(other.name().descriptor()).isNotEqualTo(second.name().descriptor());
      }
    }
  }

  @Test
  void aSegmentOfAHandoffThatFailedIsFreed() {
    try (RingLender lender = new RingLender()) {
      lend(lender, "a").close();
      assertThat(lender.size()).isZero();
    }
  }

  @Test
  void thereAreNeverMoreSegmentsThanTheLimit() {
    List<RingLender.Loan> loans = new ArrayList<>();
    try (RingLender lender = new RingLender()) {
      for (int i = 0; i < RingLender.MOST_SEGMENTS; i++) {
        loans.add(lend(lender, "t" + i));
      }
      assertThat(lender.lend("one more")).isEmpty();
      loans.removeFirst().close();
      loans.add(lend(lender, "one more"));
      // Idle ones make way for other targets.
      loans.forEach(RingLender.Loan::released);
      loans.forEach(RingLender.Loan::close);
      assertThat(lender.size()).isEqualTo(RingLender.MOST_SEGMENTS);
      lend(lender, "yet another").close();
      assertThat(lender.size()).isEqualTo(RingLender.MOST_SEGMENTS - 1);
    }
  }

  @Test
  void aClosedLenderLendsNothingAndFreesWhatComesBack() {
    RingLender lender = new RingLender();
    RingLender.Loan out = lend(lender, "a");
    lender.close();
    assertThat(lender.lend("a")).isEmpty();
    out.released();
    out.close();
    assertThat(lender.size()).isZero();
  }

  @Test
  void aNonceThatDoesNotStandInTheSegmentIsNotTaken() throws Exception {
    try (RingLender lender = new RingLender();
        PeerRings peers = new PeerRings();
        RingLender.Loan loan = lend(lender, "a")) {
      SegmentName name = loan.name();
      assertThatThrownBy(() -> peers.use(name)).as("no ring yet").isInstanceOf(IOException.class);
      loan.writer(() -> {});
      SegmentName other =
          new SegmentName(
              name.process(),
              name.descriptor(),
              name.bytes(),
              name.nonceHigh(),
              name.nonceLow() ^ 1);
      assertThatThrownBy(() -> peers.use(other))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("nonce");
      peers.use(name).close();
    }
  }

  @Test
  void aReceiverKeepsSegmentsOfGoodHandoffsOnly() throws Exception {
    try (RingLender lender = new RingLender();
        PeerRings peers = new PeerRings();
        RingLender.Loan loan = lend(lender, "a")) {
      loan.writer(() -> {});
      PeerRings.Use bad = peers.use(loan.name());
      bad.close();
      assertThat(peers.idle()).isZero();
      PeerRings.Use good = peers.use(loan.name());
      good.released();
      good.close();
      assertThat(peers.idle()).isEqualTo(1);
    }
  }

  @Test
  void aKeptSegmentWhoseOwnerIsGoneIsFreedWhenAnotherIsMapped() throws Exception {
    try (RingLender lender = new RingLender();
        PeerRings peers = new PeerRings()) {
      RingLender.Loan first = lend(lender, "a");
      first.writer(() -> {});
      PeerRings.Use use = peers.use(first.name());
      use.released();
      use.close();
      try (RingLender.Loan second = lend(lender, "b")) {
        second.writer(() -> {});
        // Its owner frees the first one: the name leads nowhere.
        first.close();
        peers.use(second.name()).close();
        assertThat(peers.idle()).isZero();
      }
    }
  }
}
