package dev.baton.cli.bench;

import dev.baton.cli.shell.Failure;
import dev.baton.harness.load.CpuClock;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffSender;
import dev.baton.kv.handoff.Ticket;
import dev.baton.kv.transport.Connections;
import dev.baton.kv.transport.KvWire;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/** The sending side: pool and senders as in a prefill worker, plain sockets beside them. */
final class Sending implements AutoCloseable {
  private static final Duration STALL_LIMIT = Duration.ofSeconds(60);
  private static final AtomicLong HANDOFFS = new AtomicLong();

  private final Peer peer;
  private final BenchShape shape;
  private final BenchPool pool;
  private final int streams;
  private final int parallel;
  private final long handoffBytes;
  private final Map<KvWire, HandoffSender> senders = new EnumMap<>(KvWire.class);

  /**
   * A side that is ready.
   *
   * @param pool the caller's, of this shape
   * @param cell as many plain sockets as it has streams in all handoffs of a time
   */
  Sending(Peer peer, BenchShape shape, BenchPool pool, TransferCell cell, TransferOptions options) {
    this.peer = peer;
    this.shape = shape;
    this.pool = pool;
    this.streams = cell.streams();
    this.parallel = options.parallel();
    this.handoffBytes = options.handoff();
    senders.put(KvWire.TCP, sender(Connections.Wire.TCP));
    senders.put(KvWire.UNIX, sender(Connections.Wire.UNIX));
    senders.put(KvWire.SHM, sender(Connections.Wire.ANY));
  }

  private HandoffSender sender(Connections.Wire wire) {
    return new HandoffSender(
        shape.layout(),
        BenchShape.LINEAGE,
        () -> BenchShape.EPOCH,
        STALL_LIMIT,
        streams,
        Connections.over(wire),
        new SimpleMeterRegistry());
  }

  BenchPool pool() {
    return pool;
  }

  /** One transfer and what it cost. */
  record Cost(long bytes, long nanos, long sendCpuNanos, long receiveCpuNanos) {
    /** 10^9 bytes a second. */
    double gbps() {
      return (double) bytes / nanos;
    }

    double sendCpuPerGb() {
      return (double) sendCpuNanos / bytes;
    }

    double receiveCpuPerGb() {
      return (double) receiveCpuNanos / bytes;
    }
  }

  /** Moves at least {@code bytes} bytes, all of them in place when it returns. */
  Cost move(TransferCase how, long bytes) {
    int perHandoff = handoffBlocks();
    int handoffs = Math.toIntExact(Math.ceilDiv(bytes, (long) perHandoff * blockBytes()));
    long first = HANDOFFS.getAndAdd(handoffs);
    if (how.isHandoff()) {
      for (int i = 0; i < handoffs; i++) {
        expect(first + i, i * perHandoff, perHandoff);
      }
    }
    long receiveCpu = peer.link().ask("cpu");
    long sendCpu = CpuClock.nanos();
    long start = System.nanoTime();
    int threads = how.isHandoff() ? parallel : parallel * streams;
    inParallel(
        threads,
        thread -> {
          if (how.isHandoff()) {
            for (int i = thread; i < handoffs; i += threads) {
              push(how, first + i, i * perHandoff, perHandoff);
            }
          } else {
            try (SocketChannel socket = open(how)) {
              for (int i = thread; i < handoffs; i += threads) {
                SocketDoor.send(
                    socket, pool, i * perHandoff, perHandoff, shape.layout().planeBytes());
              }
            }
          }
        });
    long nanos = System.nanoTime() - start;
    sendCpu = CpuClock.nanos() - sendCpu;
    receiveCpu = peer.link().ask("cpu") - receiveCpu;
    if (how.isHandoff()) {
      for (int i = 0; i < handoffs; i++) {
        peer.link().ask("arrived bulk " + (first + i));
      }
    }
    return new Cost((long) handoffs * perHandoff * blockBytes(), nanos, sendCpu, receiveCpu);
  }

  /** Nanoseconds from before the push of one block until the receiver has all of it. */
  long handOver(TransferCase how, int block) {
    long handoff = HANDOFFS.getAndIncrement();
    peer.link().ask("expect small %d %d 1".formatted(handoff, block));
    long start = System.nanoTime();
    push(how, handoff, block, 1);
    return peer.link().ask("arrived small " + handoff) - start;
  }

  private void expect(long handoff, int from, int count) {
    peer.link().ask("expect bulk %d %d %d".formatted(handoff, from, count));
  }

  private void push(TransferCase how, long handoff, int from, int count) {
    try {
      var _ =
          Objects.requireNonNull(senders.get(how.wire()))
              .push(
                  peer.target(shape),
                  new Ticket(handoff, BenchShape.EPOCH, 1),
                  BenchShape.keys(handoff, count),
                  count * shape.layout().blockTokens(),
                  pool.blocks(from, count),
                  List.of());
    } catch (HandoffException failed) {
      throw new Failure("a handoff failed: " + failed.getMessage(), failed);
    }
  }

  private SocketChannel open(TransferCase how) throws IOException {
    SocketAddress address =
        how.wire() == KvWire.UNIX
            ? UnixDomainSocketAddress.of(peer.unixSocket())
            : new InetSocketAddress(InetAddress.getLoopbackAddress(), peer.socketPort());
    SocketChannel socket =
        SocketChannel.open(
            how.wire() == KvWire.UNIX ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
    socket.connect(address);
    return socket;
  }

  private long blockBytes() {
    return shape.layout().blockBytes();
  }

  private int handoffBlocks() {
    long fitting = Math.min(handoffBytes / blockBytes(), shape.blocks() / parallel);
    return Math.toIntExact(Math.max(1, fitting));
  }

  private interface ThreadWork {
    void run(int thread) throws IOException;
  }

  private void inParallel(int count, ThreadWork work) {
    try (var threads = Executors.newThreadPerTaskExecutor(Thread.ofPlatform().factory())) {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int thread = i;
        running.add(
            threads.submit(() -> {
              work.run(thread);
              return null;
            }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof Failure failure
          ? failure
          : new Failure("a transfer failed: " + failed.getCause(), failed);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new Failure("interrupted", interrupted);
    }
  }

  @Override
  public void close() {
    senders.values().forEach(HandoffSender::close);
  }
}
