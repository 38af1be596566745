package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.transport.Connection;
import dev.baton.proto.internal.v1.PushReply;
import dev.baton.proto.internal.v1.Ring;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ServerCall;
import io.grpc.Status;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a sender does when its receiver, its caller or the connection do not do their part. */
class HandoffSenderTest {
  /** 16 MiB in 16 planes of 1 MiB: more than all buffers on the way take. */
  private static final Layout WIDE =
      new Layout(2, 8, 128, KvDtype.F32, 256, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  private final FakeAlarms alarms = new FakeAlarms();
  private final Prompt prompt = Prompt.random(Prompt.SMALL, 12, new Random(30));
  private Loopback loopback;

  @BeforeEach
  void start() throws IOException {
    loopback = new Loopback(Prompt.SMALL, 6);
  }

  @AfterEach
  void everythingIsGivenBack() {
    loopback.assertZero();
    loopback.close();
  }

  private HandoffException failure(HandoffSender sender, String target) {
    return catchThrowableOfType(
        HandoffException.class, () -> loopback.push(sender, target, prompt));
  }

  private HandoffException failureOf(FakeReceiver receiver) {
    return failure(loopback.sender, receiver.target);
  }

  /** Lets the stall limit pass once the sender waits, and {@code receiver} got all it asked for. */
  private void assertStall(Loopback from, Prompt pushed, FakeReceiver receiver, String awaited)
      throws Exception {
    try (HandoffSender sender = from.sender(alarms)) {
      CompletableFuture<HandoffException> failure =
          async(() ->
              catchThrowableOfType(
                  HandoffException.class, () -> from.push(sender, receiver.target, pushed)));
      assertThat(receiver.called.await(30, TimeUnit.SECONDS)).isTrue();
      await().atMost(Duration.ofSeconds(30)).until(() -> alarms.pending() == 1);
      alarms.pass(Loopback.STALL_LIMIT.toNanos() - 1);
      assertThat(failure).isNotDone();
      // A wait for room may end and begin anew while buffers on the way fill up.
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> {
            alarms.pass(Loopback.STALL_LIMIT.toNanos());
            return failure.isDone();
          });
      HandoffException stall = failure.get(30, TimeUnit.SECONDS);
      assertThat(stall.code()).isEqualTo(HandoffException.Code.STALLED);
      assertThat(stall).hasMessageContaining(awaited);
      assertThat(receiver.cancelled.await(30, TimeUnit.SECONDS)).isTrue();
      assertThat(alarms.pending()).isZero();
    }
  }

  @Test
  void aReceiverThatNeverAnswersIsAStall() throws Exception {
    try (FakeReceiver silent = FakeReceiver.answering()) {
      assertStall(loopback, prompt, silent, "no Accept");
    }
  }

  @Test
  void aReceiverThatNeverAcknowledgesIsAStall() throws Exception {
    try (FakeReceiver silent = FakeReceiver.taking(2, FakeReceiver.accept())) {
      assertStall(loopback, prompt, silent, "no Ack");
    }
  }

  @Test
  void aReceiverThatTakesNothingMoreIsAStall() throws Exception {
    Prompt wide = Prompt.random(WIDE, 1024, new Random(31));
    try (FakeReceiver full = FakeReceiver.taking(2, FakeReceiver.accept(0, 1, 2, 3));
        Loopback other = new Loopback(WIDE, 4)) {
      assertStall(other, wide, full, "no room to send");
      other.assertZero();
    }
  }

  @Test
  void aCancelledContextEndsThePush() throws Exception {
    try (FakeReceiver silent = FakeReceiver.answering();
        Context.CancellableContext context = Context.current().withCancellation()) {
      CompletableFuture<HandoffException> failure =
          async(() -> context.call(() -> failureOf(silent)));
      assertThat(silent.called.await(30, TimeUnit.SECONDS)).isTrue();
      context.cancel(new IllegalStateException("the client went away"));
      assertThat(failure.get(30, TimeUnit.SECONDS).code())
          .isEqualTo(HandoffException.Code.CANCELLED);
      assertThat(silent.cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aContextThatIsCancelledAlreadySendsNothing() throws Exception {
    try (FakeReceiver silent = FakeReceiver.answering();
        Context.CancellableContext context = Context.current().withCancellation()) {
      context.cancel(null);
      HandoffException failure = context.call(() -> failureOf(silent));
      assertThat(failure.code()).isEqualTo(HandoffException.Code.CANCELLED);
      assertThat(silent.called.getCount()).isEqualTo(1);
    }
  }

  @Test
  void theContextsDeadlineEndsThePush() throws Exception {
    try (FakeReceiver silent = FakeReceiver.answering();
        ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
        Context.CancellableContext context =
            Context.current().withDeadline(Deadline.after(200, TimeUnit.MILLISECONDS), timer)) {
      HandoffException failure = context.call(() -> failureOf(silent));
      assertThat(failure.code()).isEqualTo(HandoffException.Code.DEADLINE_EXCEEDED);
    }
  }

  @Test
  void anInterruptEndsThePushAndStaysSet() throws Exception {
    try (FakeReceiver silent = FakeReceiver.answering()) {
      AtomicBoolean stillSet = new AtomicBoolean();
      CompletableFuture<HandoffException> failure = new CompletableFuture<>();
      Thread pushing =
          Thread.ofVirtual()
              .start(() -> {
                failure.complete(failureOf(silent));
                stillSet.set(Thread.currentThread().isInterrupted());
              });
      assertThat(silent.called.await(30, TimeUnit.SECONDS)).isTrue();
      pushing.interrupt();
      assertThat(failure.get(30, TimeUnit.SECONDS).code())
          .isEqualTo(HandoffException.Code.CANCELLED);
      pushing.join();
      assertThat(stillSet).isTrue();
      assertThat(silent.cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aCancelDuringARunningPushReachesTheReceiver() throws Exception {
    Destination destination = loopback.expect(prompt);
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      RawPush push = context.call(loopback::raw).send(Prompt.message(prompt.open()));
      push.accepted();
      context.cancel(null);
    }
    assertThat(destination.failure().code()).isEqualTo(HandoffException.Code.LOST);
    destination.release();
  }

  @Test
  void repliesThatCannotBeAreRefused() throws Exception {
    assertNonsense(FakeReceiver.ack(), "expected Accept");
    assertNonsense(PushReply.getDefaultInstance(), "expected Accept");
    assertNonsense(FakeReceiver.accept(1, 0), "ascending");
    assertNonsense(FakeReceiver.accept(0, 0), "ascending");
    assertNonsense(FakeReceiver.accept(3), "below 3");
    assertNonsense(FakeReceiver.accept(-1), "4294967295");
    try (FakeReceiver twice =
        FakeReceiver.answering(FakeReceiver.accept(), FakeReceiver.accept())) {
      HandoffException failure = failureOf(twice);
      assertThat(failure.refusal()).contains(Refusal.PROTOCOL);
      assertThat(failure).hasMessageContaining("expected Ack");
    }
  }

  @Test
  void aReceiverThatTakesTheRingAndThenSaysThatItDidNotIsRefusedAndTheRingNotUsedAgain()
      throws Exception {
    BlockingQueue<FileChannel> offered = new LinkedBlockingQueue<>();
    try (FakeReceiver wavering =
            new FakeReceiver(
                1,
                (call, message) -> {
                  offered.add(segment(message));
                  call.sendMessage(FakeReceiver.accept(true, 0, 1, 2));
                  call.sendMessage(FakeReceiver.accept(false, 0, 1, 2));
                });
        HandoffSender sender =
            loopback.sender((target, place) -> {
              Connection connection = loopback.connections.open(target, place);
              return new Connection(
                  connection.channel(), connection.loop(), connection.socket(), true);
            })) {
      for (int i = 0; i < 2; i++) {
        HandoffException failure = failure(sender, wavering.target);
        assertThat(failure.refusal()).contains(Refusal.PROTOCOL);
        assertThat(failure).hasMessageContaining("ACCEPT, expected Ack");
      }
      try (FileChannel first = offered.poll(30, TimeUnit.SECONDS);
          FileChannel second = offered.poll(30, TimeUnit.SECONDS)) {
        first.map(MapMode.READ_WRITE, 0, 8, Arena.ofAuto()).set(ValueLayout.JAVA_LONG, 0, 1);
        assertThat(
                second.map(MapMode.READ_ONLY, 0, 8, Arena.ofAuto()).get(ValueLayout.JAVA_LONG, 0))
            .as("what stands in the second one")
            .isNotEqualTo(1);
      }
    }
  }

  /** What an Open offers, kept open: another file cannot come to have its numbers. */
  private static FileChannel segment(PushMessage message) {
    Ring ring = ((PushMessage.Opening) message).open().getRing();
    try {
      return FileChannel.open(
          Path.of("/proc/" + ring.getProcess() + "/fd/" + ring.getFile()),
          StandardOpenOption.READ,
          StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void assertNonsense(PushReply reply, String message) throws Exception {
    try (FakeReceiver nonsense = FakeReceiver.answering(reply)) {
      HandoffException failure = failureOf(nonsense);
      assertThat(failure.refusal()).contains(Refusal.PROTOCOL);
      assertThat(failure).hasMessageContaining(message);
      assertThat(nonsense.cancelled.await(30, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void aStreamThatEndsEarlyIsLost() throws Exception {
    assertEndsAs(Status.OK, HandoffException.Code.LOST);
    assertEndsAs(Status.CANCELLED, HandoffException.Code.LOST);
    assertEndsAs(Status.INTERNAL, HandoffException.Code.LOST);
    assertEndsAs(Status.ABORTED, HandoffException.Code.STALLED);
  }

  private void assertEndsAs(Status status, HandoffException.Code code) throws Exception {
    try (FakeReceiver early =
        new FakeReceiver(
            1,
            (ServerCall<PushMessage, PushReply> call, PushMessage message) ->
                FakeReceiver.close(call, status))) {
      assertThat(failureOf(early).code()).isEqualTo(code);
    }
  }

  @Test
  void aReceiverThatCannotBeReachedIsLostAndItsConnectionGivenUp() throws Exception {
    String gone;
    try (FakeReceiver receiver = FakeReceiver.answering()) {
      gone = receiver.target;
    }
    try (HandoffSender sender = loopback.sender(alarms)) {
      assertThat(failure(sender, gone).code()).isEqualTo(HandoffException.Code.LOST);
      assertThat(sender.connections()).isZero();
      Destination destination = loopback.expect(prompt);
      loopback.push(sender, loopback.target, prompt);
      assertThat(sender.connections()).isEqualTo(1);
      assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
      destination.release();
    }
  }

  @Test
  void pushesToOneTargetShareAConnectionAndDoNotDisturbEachOther() throws Exception {
    try (Loopback many = new Loopback(Prompt.SMALL, 60)) {
      Random random = new Random(32);
      for (int round = 0; round < 5; round++) {
        Destination[] destinations = new Destination[10];
        CompletableFuture<?>[] pushes = new CompletableFuture<?>[destinations.length];
        for (int i = 0; i < destinations.length; i++) {
          Prompt each = Prompt.random(Prompt.SMALL, 12, random);
          destinations[i] = many.expect(each, i % 3);
          pushes[i] = async(() -> many.push(each));
        }
        for (int i = 0; i < destinations.length; i++) {
          pushes[i].get(30, TimeUnit.SECONDS);
          destinations[i].assertArrived();
          destinations[i].release();
        }
      }
      assertThat(many.sender.connections()).isEqualTo(1);
      many.assertZero();
    }
  }

  @Test
  void aClosedSenderPushesNoMoreAndEndsWhatItPushed() throws Exception {
    try (FakeReceiver silent = FakeReceiver.answering()) {
      HandoffSender sender = loopback.sender(alarms);
      CompletableFuture<HandoffException> failure = async(() -> failure(sender, silent.target));
      assertThat(silent.called.await(30, TimeUnit.SECONDS)).isTrue();
      sender.close();
      assertThat(failure.get(30, TimeUnit.SECONDS).code()).isEqualTo(HandoffException.Code.LOST);
      assertThat(failure(sender, silent.target).code()).isEqualTo(HandoffException.Code.CANCELLED);
      assertThat(sender.connections()).isZero();
    }
  }

  private interface Work<T> {
    T run() throws Exception;
  }

  private static <T> CompletableFuture<T> async(Work<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread.ofVirtual()
        .start(() -> {
          try {
            result.complete(work.run());
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }
}
