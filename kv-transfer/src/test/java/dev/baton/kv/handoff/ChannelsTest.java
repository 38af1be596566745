package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.transport.Connection;
import dev.baton.kv.transport.KvWire;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Connections whose opening takes as long as a test likes. */
class ChannelsTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final String SLOW = "127.0.0.1:1";
  private static final String QUICK = "127.0.0.1:2";

  private final CountDownLatch mayOpen = new CountDownLatch(1);
  private final CountDownLatch opening = new CountDownLatch(1);
  private final Queue<ManagedChannel> opened = new ConcurrentLinkedQueue<>();
  private final Channels channels = new Channels(this::open);

  private Connection open(String target, int place) {
    if (target.equals(SLOW)) {
      opening.countDown();
      try {
        mayOpen.await();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    ManagedChannel channel = Loopback.channel(target);
    opened.add(channel);
    return new Connection(channel, Runnable::run, KvWire.TCP, false);
  }

  @AfterEach
  void close() {
    mayOpen.countDown();
    channels.close();
    await().atMost(LONG).until(() -> opened.stream().allMatch(ManagedChannel::isShutdown));
  }

  private static HandoffException failure(Channels.Lease lease, Duration limit) {
    return catchThrowableOfType(HandoffException.class, () -> lease.connection(0, limit));
  }

  @Test
  void whileOneTargetIsOpenedOthersAreUsed() throws Exception {
    try (Channels.Lease slow = channels.lease(SLOW);
        Channels.Lease quick = channels.lease(QUICK)) {
      slow.whenOpen((connection, failure) -> {});
      assertThat(opening.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(quick.connection(0, LONG).channel()).isSameAs(opened.peek());
    }
  }

  @Test
  void allWhoWaitForATargetGetTheOneConnection() throws Exception {
    try (Channels.Lease first = channels.lease(SLOW);
        Channels.Lease second = channels.lease(SLOW)) {
      CompletableFuture<Connection> told = new CompletableFuture<>();
      first.whenOpen((connection, failure) -> told.complete(connection));
      assertThat(told).isNotDone();
      mayOpen.countDown();
      assertThat(second.connection(0, LONG)).isSameAs(told.get(30, TimeUnit.SECONDS));
      assertThat(first.connection(0, LONG)).isSameAs(told.join());
      assertThat(opened).hasSize(1);
    }
  }

  @Test
  void nobodyWaitsForAConnectionLongerThanItsLimit() throws Exception {
    try (Channels.Lease lease = channels.lease(SLOW)) {
      assertThat(failure(lease, Duration.ofMillis(1)).code())
          .isEqualTo(HandoffException.Code.STALLED);
    }
  }

  @Test
  void nobodyWaitsForAConnectionLongerThanItsRequestLives() throws Exception {
    try (Channels.Lease lease = channels.lease(SLOW)) {
      assertThat(failureOf(lease, null).code()).isEqualTo(HandoffException.Code.CANCELLED);
      assertThat(failureOf(lease, new TimeoutException()).code())
          .isEqualTo(HandoffException.Code.DEADLINE_EXCEEDED);
    }
  }

  private HandoffException failureOf(Channels.Lease lease, TimeoutException why) throws Exception {
    Context.CancellableContext request = Context.current().withCancellation();
    CompletableFuture<HandoffException> failure = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> request.run(() -> failure.complete(failure(lease, Duration.ofHours(1)))));
    assertThat(opening.await(30, TimeUnit.SECONDS)).isTrue();
    request.cancel(why);
    return failure.get(30, TimeUnit.SECONDS);
  }

  @Test
  void whatCannotBeOpenedIsLostAndTriedAnewByTheNext() throws Exception {
    Queue<String> tried = new ConcurrentLinkedQueue<>();
    try (Channels failing =
        new Channels((target, place) -> {
          tried.add(target);
          throw new IllegalArgumentException(target);
        })) {
      for (int i = 1; i <= 2; i++) {
        try (Channels.Lease lease = failing.lease(QUICK)) {
          assertThat(failure(lease, LONG).code()).isEqualTo(HandoffException.Code.LOST);
        }
        assertThat(tried).hasSize(i);
        assertThat(failing.size()).isZero();
      }
    }
  }

  @Test
  void aConnectionThatComesAfterTheCloseIsClosed() throws Exception {
    try (Channels.Lease lease = channels.lease(SLOW)) {
      lease.whenOpen((connection, failure) -> {});
      assertThat(opening.await(30, TimeUnit.SECONDS)).isTrue();
      channels.close();
      mayOpen.countDown();
      await().atMost(LONG).until(() -> !opened.isEmpty() && opened.peek().isShutdown());
    }
  }
}
