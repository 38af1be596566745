package dev.baton.kv.transport;

import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerDomainSocketChannel;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.internal.ThreadExecutorMap;
import java.util.Optional;
import java.util.concurrent.Executor;

/**
 * Event loops that carry nothing but KV: epoll where there is one, else NIO, without Unix sockets.
 */
public final class Loops {
  private static final boolean EPOLL = Epoll.isAvailable();

  private Loops() {}

  /** Loops on daemon threads. */
  static EventLoopGroup start(String name, int threads) {
    return new MultiThreadIoEventLoopGroup(
        threads,
        new DefaultThreadFactory(name, true),
        EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  }

  /** The event loop that the calling thread belongs to. */
  public static Optional<Executor> current() {
    return Optional.ofNullable(ThreadExecutorMap.currentExecutor());
  }

  /** Whether epoll is used, and with it Unix sockets can be. */
  static boolean areEpoll() {
    return EPOLL;
  }

  static Class<? extends Channel> channelType(boolean unix) {
    if (unix) {
      return EpollDomainSocketChannel.class;
    }
    return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  static Class<? extends ServerChannel> serverType(boolean unix) {
    if (unix) {
      return EpollServerDomainSocketChannel.class;
    }
    return EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }
}
