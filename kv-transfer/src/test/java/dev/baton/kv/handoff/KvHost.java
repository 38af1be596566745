package dev.baton.kv.handoff;

import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.transport.Connections;
import dev.baton.kv.transport.KvServers;
import dev.baton.kv.transport.Loops;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Random;

/** A receiver behind the servers of a real worker, and what its senders on this host need. */
final class KvHost implements AutoCloseable {
  static final Duration LIMIT = Duration.ofSeconds(30);

  /** Planes of 128 KiB, a block of 1 MiB: more than a ring holds. */
  static final Layout LARGE =
      new Layout(4, 8, 256, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final SimpleMeterRegistry senderMeters = new SimpleMeterRegistry();
  final BlockPool source;
  final BlockPool pool;
  final HandoffReceiver receiver;
  private final KvServers servers;
  private final Random random;

  /** So many blocks on either side. */
  KvHost(int blocks, Alarms alarms, Random random) throws IOException {
    this.random = random;
    this.source = new BlockPool(LARGE, blocks);
    this.pool = new BlockPool(LARGE, blocks);
    this.receiver =
        new HandoffReceiver(
            LARGE,
            Prompt.LINEAGE,
            epoch -> epoch == Prompt.EPOCH,
            LIMIT,
            meters,
            alarms,
            new RingOffers(true, Loops::current, alarms));
    this.servers =
        KvServers.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            builder ->
                builder
                    .addService(receiver)
                    .maxInboundMessageSize(HandoffReceiver.maxMessageBytes(LARGE)));
  }

  String target() {
    return "127.0.0.1:" + servers.port();
  }

  HandoffSender sender(Connections.Wire wire) {
    return new HandoffSender(
        LARGE, Prompt.LINEAGE, () -> 5, LIMIT, 3, Connections.over(wire), senderMeters);
  }

  Prompt prompt(int blocks) {
    return Prompt.random(LARGE, LARGE.blockTokens() * blocks, random);
  }

  /** The prompt's blocks in the sender's pool. */
  List<Block> computed(Prompt prompt) {
    List<Block> blocks = source.tryReserve(prompt.keys().size());
    for (int i = 0; i < blocks.size(); i++) {
      blocks.get(i).bytes().copyFrom(MemorySegment.ofArray(prompt.kv()[i]));
    }
    return blocks;
  }

  /** Gives them back; whatever still read them would now read something else. */
  void release(List<Block> blocks) {
    blocks.forEach(block -> block.bytes().fill((byte) 0xEE));
    source.release(blocks);
  }

  @Override
  public void close() {
    servers.close();
    receiver.close();
    pool.close();
    source.close();
  }
}
