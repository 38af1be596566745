package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.PlaneKind;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Silent and broken senders, as the receiver sees them; time passes when it is told to. */
class StallTest {
  private static final long LIMIT = Loopback.STALL_LIMIT.toNanos();

  @Test
  void aSenderThatFallsSilentFailsTheHandoff() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(20));
      Destination destination = loopback.expect(prompt);
      RawPush push = loopback.raw().send(Prompt.message(prompt.open()));
      push.accepted();
      loopback.alarms.pass(LIMIT - 1);
      assertThat(destination.heard).isEmpty();
      loopback.alarms.pass(1);
      assertThat(destination.failure().code()).isEqualTo(HandoffException.Code.STALLED);
      assertThat(push.failure().code()).isEqualTo(HandoffException.Code.STALLED);
      assertThat(loopback.refusals()).isEmpty();
      destination.release();
      loopback.assertStillWorks(Prompt.random(Prompt.SMALL, 12, new Random(21)));
      loopback.assertZero();
    }
  }

  @Test
  void everyMessageIsASignOfLife() {
    FakeAlarms alarms = new FakeAlarms();
    CountDownLatch stalled = new CountDownLatch(1);
    StallWatch watch = StallWatch.start(alarms, Duration.ofNanos(10), stalled::countDown);
    for (int i = 0; i < 100; i++) {
      alarms.pass(9);
      watch.sign();
    }
    assertThat(stalled.getCount()).isEqualTo(1);
    alarms.pass(9);
    assertThat(stalled.getCount()).isEqualTo(1);
    alarms.pass(1);
    assertThat(stalled.getCount()).isZero();
    assertThat(alarms.pending()).isZero();
  }

  @Test
  void aWatchThatWasStoppedNeverRings() {
    FakeAlarms alarms = new FakeAlarms();
    CountDownLatch stalled = new CountDownLatch(1);
    StallWatch watch = StallWatch.start(alarms, Duration.ofNanos(10), stalled::countDown);
    watch.stop();
    alarms.pass(100);
    assertThat(stalled.getCount()).isEqualTo(1);
    assertThat(alarms.pending()).isZero();
  }

  @Test
  void realAlarmsRingUnlessCalledOffOrClosed() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch calledOff = new CountDownLatch(1);
    CountDownLatch rang = new CountDownLatch(1);
    try (SystemAlarms alarms = new SystemAlarms()) {
      // While the one thread is busy no other alarm can ring: the call-off cannot come too late.
      alarms.after(0, () -> awaitForEver(busy));
      alarms.after(0, calledOff::countDown).run();
      alarms.after(1, rang::countDown);
      busy.countDown();
      assertThat(rang.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(calledOff.getCount()).isEqualTo(1);
      alarms.close();
      alarms.after(0, calledOff::countDown).run();
    }
    assertThat(calledOff.getCount()).isEqualTo(1);
  }

  private static void awaitForEver(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aStreamThatNeverOpensIsEnded() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      FakeCall silent = new FakeCall(loopback.receiver);
      loopback.alarms.pass(LIMIT);
      assertThat(silent.failure().code()).isEqualTo(HandoffException.Code.STALLED);
      silent.complete();
      loopback.assertZero();
    }
  }

  @Test
  void aSenderWhoseStreamBreaksFailsTheHandoff() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 6)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(22));
      Destination destination = loopback.expect(prompt);
      RawPush push = loopback.raw().send(Prompt.message(prompt.open()));
      push.accepted();
      push.send(prompt.frames(0));
      push.cancel();
      assertThat(destination.failure().code()).isEqualTo(HandoffException.Code.LOST);
      assertThat(loopback.active()).isZero();
      assertThat(loopback.refusals()).isEmpty();
      destination.release();
      loopback.assertStillWorks(Prompt.random(Prompt.SMALL, 12, new Random(23)));
      loopback.assertZero();
    }
  }

  @Test
  void nothingIsExpectedOfAStreamAfterAck() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(24));
      Destination destination = loopback.expect(prompt, 0, 1, 2);
      FakeCall call = new FakeCall(loopback.receiver);
      call.deliver(Prompt.message(prompt.open()));
      call.deliver(Prompt.message(prompt.commit(0)));
      assertThat(call.closed.isOk()).isTrue();
      assertThat(call.deliver(prompt.frame(0, 0, PlaneKind.K))).isFalse();
      call.halfClose();
      loopback.alarms.pass(LIMIT);
      call.cancel();
      assertThat(destination.heard).containsExactly(new HandoffReceipt(0, 3, 0));
      destination.assertUntouched();
      destination.release();
      loopback.assertZero();
    }
  }

  @Test
  void oneMessageIsAskedForAtATime() throws Exception {
    try (Loopback loopback = new Loopback(Prompt.SMALL, 3)) {
      Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(25));
      Destination destination = loopback.expect(prompt);
      FakeCall call = new FakeCall(loopback.receiver);
      assertThat(call.outstanding()).isEqualTo(1);
      assertThat(call.deliver(Prompt.message(prompt.open()))).isTrue();
      for (byte[] frame : prompt.frames(0, 1, 2)) {
        assertThat(call.outstanding()).isEqualTo(1);
        assertThat(call.deliver(frame)).isTrue();
      }
      call.cancel();
      destination.release();
      loopback.assertZero();
    }
  }
}
