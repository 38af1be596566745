package dev.baton.kv.transport;

import dev.baton.kv.shm.SharedMemoryCheck;
import io.grpc.InsecureChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.unix.DomainSocketAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Opens the connections that KV leaves by: over a Unix socket to a receiver on this host that has
 * one, else over TCP; on event loops of their own; taking lent memory ({@link Loans}) if {@link
 * LendingCheck} found that this works here. Safe for use by many threads.
 */
public final class Connections implements AutoCloseable {
  private static final int THREADS = 2;

  /** Which wires may be used. */
  public enum Wire {
    /** The best for each target. */
    ANY,
    /** No shared memory. */
    UNIX,
    /** TCP, also to receivers on this host. */
    TCP
  }

  private final Wire wire;
  private final boolean lending;
  private final EventLoopGroup group = Loops.start("kv-client", THREADS);
  private final List<EventLoop> loops = new ArrayList<>();

  private Connections(Wire wire, boolean lending) {
    this.wire = wire;
    this.lending = lending;
    group.forEach(loop -> loops.add((EventLoop) loop));
  }

  /**
   * No connection yet. Checks, once in a process, whether memory can be lent. Not over NIO: after a
   * write that took a part, Netty's NIO channel goes on from addresses that it noted, which {@link
   * Loans#takeBack} does not reach; the epoll channel asks the buffer again.
   */
  public static Connections over(Wire wire) {
    if (wire == Wire.ANY && Loops.areEpoll()) {
      // Now, on a thread that nobody interrupts: what it finds holds for the life of the process.
      var _ = SharedMemoryCheck.passes();
    }
    return new Connections(wire, Loops.areEpoll() && LendingCheck.passes());
  }

  /** The same, whatever a check would find. */
  static Connections unchecked(Wire wire, boolean lending) {
    return new Connections(wire, lending);
  }

  /** Whether memory is lent; else it is copied. */
  public boolean areLending() {
    return lending;
  }

  /**
   * A new connection, the caller's to close.
   *
   * @param target host:port of the receiver's TCP side
   * @param place any number; connections of neighbouring places have different event loops
   */
  public Connection open(String target, int place) {
    Optional<Path> socket = wire != Wire.TCP ? LocalSocket.find(target) : Optional.empty();
    NettyChannelBuilder builder =
        socket
            .map(path -> builder(new DomainSocketAddress(path.toFile())))
            .orElseGet(
                () -> NettyChannelBuilder.forTarget(target, InsecureChannelCredentials.create()));
    EventLoop loop = loops.get(Math.floorMod(place, loops.size()));
    builder
        .channelType(
            Loops.channelType(socket.isPresent()),
            socket.isPresent() ? DomainSocketAddress.class : InetSocketAddress.class)
        .eventLoopGroup(loop)
        .directExecutor()
        .disableRetry()
        .flowControlWindow(KvServers.WINDOW_BYTES);
    if (lending) {
      builder.withOption(ChannelOption.ALLOCATOR, new LendingAllocator(loop));
    }
    boolean sharesMemory = wire == Wire.ANY && socket.isPresent() && SharedMemoryCheck.passes();
    return new Connection(
        builder.build(), loop, socket.isPresent() ? KvWire.UNIX : KvWire.TCP, sharesMemory);
  }

  private static NettyChannelBuilder builder(SocketAddress address) {
    return NettyChannelBuilder.forAddress(address, InsecureChannelCredentials.create())
        .overrideAuthority("localhost");
  }

  /** Ends the event loops; connections have to be closed before. */
  @Override
  public void close() {
    var _ = group.shutdownGracefully(0, 5, TimeUnit.SECONDS);
  }
}
