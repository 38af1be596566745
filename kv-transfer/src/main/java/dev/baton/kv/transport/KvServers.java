package dev.baton.kv.transport;

import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.AdaptiveRecvByteBufAllocator;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.unix.DomainSocketAddress;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The servers that take KV in at one address: over TCP, and for peers on the same host over a Unix
 * socket beside it. Their event loops serve nothing else, and run the service's code themselves: it
 * must not block. A Unix socket that cannot be made costs speed only, and a line in the log.
 */
public final class KvServers implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(KvServers.class);

  /** Bytes in flight to a stream or connection; well above what the link holds. */
  static final int WINDOW_BYTES = 8 << 20;

  private static final int FIRST_READ_BYTES = 4 << 10;
  private static final int THREADS = 2;

  /**
   * Reads of 1 MiB come from chunks of 16 MiB, one an event loop. gRPC's own allocator has chunks
   * of 2 MiB, which each such read makes anew, filled with zeros, and gives back to the system: a
   * seventh of what a receiver did.
   */
  private static final ByteBufAllocator BUFFERS =
      new PooledByteBufAllocator(true, 0, THREADS, 8 << 10, 11, 256, 64, true);

  /** A process that ends just now may remove the sockets' directory, which was empty then. */
  private static final int TRIES = 3;

  private final EventLoopGroup loops;
  private final List<Server> servers = new ArrayList<>();
  private @Nullable Path socket;

  private KvServers() {
    this.loops = Loops.start("kv-server", THREADS);
  }

  /**
   * Binds and serves.
   *
   * @param address where; port 0 takes a free one
   * @param services puts services and limits into a server's builder; called for each
   * @throws IOException if the TCP address cannot be bound
   */
  public static KvServers start(InetSocketAddress address, Consumer<NettyServerBuilder> services)
      throws IOException {
    KvServers servers = new KvServers();
    try {
      servers.servers.add(servers.build(address, false, services).start());
      servers.startUnix(services);
      return servers;
    } catch (IOException | RuntimeException e) {
      servers.close();
      throw e;
    }
  }

  private Server build(SocketAddress address, boolean unix, Consumer<NettyServerBuilder> services) {
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(address, LargeFrames.plaintext())
            .channelType(Loops.serverType(unix))
            .bossEventLoopGroup(loops)
            .workerEventLoopGroup(loops)
            .directExecutor()
            .flowControlWindow(WINDOW_BYTES)
            .withChildOption(ChannelOption.ALLOCATOR, BUFFERS)
            .withChildOption(
                ChannelOption.RECVBUF_ALLOCATOR,
                new AdaptiveRecvByteBufAllocator(
                    FIRST_READ_BYTES, LargeFrames.FRAME_BYTES, LargeFrames.FRAME_BYTES));
    services.accept(builder);
    return builder.build();
  }

  private void startUnix(Consumer<NettyServerBuilder> services) {
    Optional<Path> path = LocalSocket.path(port());
    if (path.isEmpty()) {
      return;
    }
    for (int tries = TRIES; socket == null && tries > 0; tries--) {
      try {
        LocalSocket.prepare();
        Files.deleteIfExists(path.get()); // a dead server's: its port is ours now
        servers.add(build(new DomainSocketAddress(path.get().toFile()), true, services).start());
        socket = path.get();
      } catch (IOException | RuntimeException e) {
        if (tries == 1) {
          log.warn("no Unix socket for KV at {}: {}", path.get(), e.toString());
        }
      }
    }
  }

  /** The TCP port. */
  public int port() {
    return servers.getFirst().getPort();
  }

  /** The servers, to shut them down and to wait for them; {@link #close} comes after that. */
  public List<Server> servers() {
    return List.copyOf(servers);
  }

  /** Ends what still runs, and removes the Unix socket. Idempotent. */
  @Override
  public void close() {
    servers.forEach(Server::shutdownNow);
    if (socket != null) {
      LocalSocket.remove(socket);
    }
    var _ = loops.shutdownGracefully(0, 5, TimeUnit.SECONDS);
  }
}
