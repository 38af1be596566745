package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Layout;
import dev.baton.kv.transport.Connections;
import dev.baton.kv.transport.KvWire;
import dev.baton.kv.transport.Loops;
import dev.baton.proto.internal.v1.PushReply;
import io.grpc.BindableService;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A receiver behind a real server on loopback, pools on both sides, a sender and raw streams. */
final class Loopback implements AutoCloseable {
  static final Duration STALL_LIMIT = Duration.ofSeconds(30);

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final SimpleMeterRegistry senderMeters = new SimpleMeterRegistry();
  final FakeAlarms alarms = new FakeAlarms();
  final Connections connections = Connections.over(Connections.Wire.TCP);
  final Layout layout;
  final HandoffReceiver receiver;
  final BlockPool source;
  final BlockPool pool;
  final HandoffSender sender;
  final String target;
  private final Server server;
  private final ManagedChannel channel;

  Loopback(Layout layout, int blocks) throws IOException {
    this.layout = layout;
    this.receiver =
        new HandoffReceiver(
            layout,
            Prompt.LINEAGE,
            epoch -> epoch == Prompt.EPOCH || epoch == Prompt.EPOCH - 1,
            STALL_LIMIT,
            meters,
            alarms,
            new RingOffers(true, Loops::current, alarms));
    this.source = new BlockPool(layout, blocks);
    this.pool = new BlockPool(layout, blocks);
    this.sender = sender(new SystemAlarms());
    this.server = serve(receiver, layout);
    this.target = "127.0.0.1:" + server.getPort();
    this.channel = channel(target);
  }

  static Server serve(BindableService service, Layout layout) throws IOException {
    return NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", 0))
        .addService(service)
        .maxInboundMessageSize(HandoffReceiver.maxMessageBytes(layout))
        .build()
        .start();
  }

  static ManagedChannel channel(String target) {
    return NettyChannelBuilder.forTarget(target).usePlaintext().build();
  }

  HandoffSender sender(Alarms time) {
    return sender(connections::open, time);
  }

  HandoffSender sender(Channels.Opener opener) {
    return sender(opener, new SystemAlarms());
  }

  private HandoffSender sender(Channels.Opener opener, Alarms time) {
    return new HandoffSender(
        layout, Prompt.LINEAGE, () -> 5, STALL_LIMIT, 1, opener, senderMeters, time);
  }

  RawPush raw() {
    return new RawPush(channel);
  }

  /** A session of a stream that nobody serves. */
  PushSession session() {
    return new PushSession(
        new Admission(layout, Prompt.LINEAGE, epoch -> true),
        HandoffMetrics.ofSender(senderMeters),
        new PushReplies() {
          @Override
          public void reply(PushReply reply) {}

          @Override
          public void finish(PushReply last) {}

          @Override
          public void refuse(HandoffException why) {}
        },
        new RingOffers(false, Loops::current, alarms),
        KvWire.TCP,
        new FakeAlarms(),
        STALL_LIMIT);
  }

  Destination expect(Prompt prompt, int... present) {
    Destination destination = new Destination(pool, prompt, present);
    destination.expectedBy(receiver);
    return destination;
  }

  HandoffReceipt push(Prompt prompt) throws HandoffException {
    return push(sender, target, prompt);
  }

  HandoffReceipt push(HandoffSender by, String to, Prompt prompt) throws HandoffException {
    List<Block> blocks = source.tryReserve(prompt.keys().size());
    try {
      for (int i = 0; i < blocks.size(); i++) {
        blocks.get(i).bytes().copyFrom(MemorySegment.ofArray(prompt.kv()[i]));
      }
      return by.push(
          to, prompt.ticket(), prompt.keys(), prompt.tokens(), blocks, Prompt.FIRST_TOKENS);
    } finally {
      // Whatever still read the blocks would now read this.
      blocks.forEach(block -> block.bytes().fill((byte) 0xEE));
      source.release(blocks);
    }
  }

  int active() {
    return (int) meters.get("baton.handoffs.active").gauge().value();
  }

  /** Refusals counted so far, without those that were not. */
  Map<Refusal, Integer> refusals() {
    Map<Refusal, Integer> counts = new EnumMap<>(Refusal.class);
    for (Refusal refusal : Refusal.values()) {
      int count =
          (int)
              meters.get("baton.handoff.refusals").tag("reason", refusal.label()).counter().count();
      if (count > 0) {
        counts.put(refusal, count);
      }
    }
    return counts;
  }

  /** A push of its own must work now as ever. */
  void assertStillWorks(Prompt another) throws Exception {
    Destination destination = expect(another);
    push(another);
    assertThat(destination.nextHeard()).isInstanceOf(HandoffReceipt.class);
    destination.assertArrived();
    destination.release();
  }

  /** Nothing is expected, reserved or watched any more. */
  void assertZero() {
    assertThat(active()).isZero();
    assertThat(pool.usage().used()).isZero();
    assertThat(pool.usage().cached()).isZero();
    assertThat(source.usage().used()).isZero();
    // A stream's watch ends when the transport has said farewell, a moment after the status.
    await().atMost(Duration.ofSeconds(30)).until(() -> alarms.pending() == 0);
  }

  static int[] all(int count) {
    int[] indexes = new int[count];
    Arrays.setAll(indexes, i -> i);
    return indexes;
  }

  @Override
  public void close() {
    sender.close();
    connections.close();
    channel.shutdownNow();
    server.shutdownNow();
    try {
      server.awaitTermination();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    receiver.close();
    pool.close();
    source.close();
  }
}
