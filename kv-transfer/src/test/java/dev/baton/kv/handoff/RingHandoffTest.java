package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.transport.Connections;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Handoffs through shared memory, over the connections and servers of real workers. */
class RingHandoffTest {
  private KvHost host;

  @BeforeEach
  void serve() throws Exception {
    host = new KvHost(24, new SystemAlarms(), new Random(31));
  }

  @AfterEach
  void stop() {
    host.close();
  }

  private OutgoingPush prepare(HandoffSender sender, Prompt prompt, List<Block> blocks) {
    return sender.prepare(
        host.target(), prompt.ticket(), prompt.keys(), prompt.tokens(), blocks, () -> true);
  }

  private void push(HandoffSender sender, Prompt prompt) throws Exception {
    Destination destination = new Destination(host.pool, prompt);
    destination.expectedBy(host.receiver);
    List<Block> blocks = host.computed(prompt);
    OutgoingPush push = prepare(sender, prompt, blocks);
    push.computed(Prompt.FIRST_TOKENS);
    push.run();
    host.release(blocks);
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
    destination.release();
  }

  private double bytes(SimpleMeterRegistry of, String wire) {
    return of.get("baton.handoff.wire.bytes").tag("wire", wire).counter().count();
  }

  @Test
  void handoffsOfOneHostGoThroughSharedMemoryOneAfterTheOther() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.ANY)) {
      for (int round = 1; round <= 5; round++) {
        push(sender, host.prompt(8));
        assertThat(bytes(host.senderMeters, "shm"))
            .isEqualTo(8.0 * round * KvHost.LARGE.blockBytes());
        assertThat(bytes(host.meters, "shm")).isEqualTo(8.0 * round * KvHost.LARGE.blockBytes());
      }
    }
  }

  @Test
  void manyAtATimeArriveEachInItsOwnRing() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.ANY)) {
      List<CompletableFuture<Void>> pushes = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        Prompt prompt = host.prompt(4);
        CompletableFuture<Void> done = new CompletableFuture<>();
        pushes.add(done);
        Thread.ofPlatform()
            .start(() -> {
              try {
                push(sender, prompt);
                done.complete(null);
              } catch (Exception | AssertionError e) {
                done.completeExceptionally(e);
              }
            });
      }
      pushes.forEach(CompletableFuture::join);
      assertThat(bytes(host.meters, "shm")).isEqualTo(24.0 * KvHost.LARGE.blockBytes());
    }
  }

  @Test
  void withoutSharedMemoryTheyGoThroughTheUnixSocketOrTcp() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.UNIX)) {
      push(sender, host.prompt(1));
      assertThat(bytes(host.senderMeters, "unix")).isEqualTo(KvHost.LARGE.blockBytes());
      assertThat(bytes(host.meters, "unix")).isEqualTo(KvHost.LARGE.blockBytes());
    }
    try (HandoffSender sender = host.sender(Connections.Wire.TCP)) {
      push(sender, host.prompt(1));
      assertThat(bytes(host.meters, "tcp")).isEqualTo(KvHost.LARGE.blockBytes());
    }
    assertThat(bytes(host.meters, "shm")).isZero();
  }

  @Test
  void afterARevocationTheBlocksStayAsTheyAreAndThePushEnds() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.ANY)) {
      Prompt prompt = host.prompt(8);
      Destination destination = new Destination(host.pool, prompt);
      IncomingHandoff handoff = destination.expectedBy(host.receiver);
      List<Block> blocks = host.computed(prompt);
      OutgoingPush push = prepare(sender, prompt, blocks);
      CompletableFuture<Object> end = new CompletableFuture<>();
      Thread.ofPlatform()
          .start(() -> {
            try {
              end.complete(push.run());
            } catch (HandoffException e) {
              end.complete(e);
            }
          });
      push.ready(0, 16 * 4);
      Block first = destination.blocks.getFirst();
      await()
          .atMost(KvHost.LIMIT)
          .until(() ->
              first.bytes().get(ValueLayout.JAVA_BYTE, 0) != Destination.PATTERN
                  || prompt.kv()[0][0] == Destination.PATTERN);
      push.computed(Prompt.FIRST_TOKENS);
      handoff.revoke();
      destination.fill((byte) 0x77);
      assertThat(end.get(30, TimeUnit.SECONDS)).isInstanceOf(HandoffException.class);
      destination.assertFilledWith((byte) 0x77);
      destination.release();
      host.release(blocks);
      push(sender, host.prompt(1));
    }
  }

  @Test
  void aRefusedOpenFreesTheRing() throws Exception {
    try (HandoffSender sender = host.sender(Connections.Wire.ANY)) {
      Prompt prompt = host.prompt(8);
      List<Block> blocks = host.computed(prompt);
      OutgoingPush push = prepare(sender, prompt, blocks);
      push.computed(Prompt.FIRST_TOKENS);
      assertThatThrownBy(push::run)
          .isInstanceOfSatisfying(
              HandoffException.class,
              e -> assertThat(e.refusal()).contains(Refusal.UNKNOWN_TICKET));
      host.release(blocks);
      push(sender, host.prompt(1));
    }
  }
}
