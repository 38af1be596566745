package dev.baton.cluster.process;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.baton.cluster.error.StartException;
import dev.baton.kv.transport.KvServers;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;

/**
 * A gRPC server with what every process serves besides its own services: health ({@code
 * grpc.health.v1}) and reflection ({@code grpc.reflection.v1}).
 *
 * <ul>
 *   <li>Handlers run on one virtual thread per burst of events of a call, never two at a time for
 *       one call: they may block, so code that waits for blocks or workers reads top-down, and a
 *       thousand waiting requests cost no platform threads.
 *   <li>Whatever escapes a handler, and a request that does not parse, reaches the caller as a
 *       typed status; see {@link dev.baton.cluster.error.BatonException}.
 *   <li>Health says SERVING from {@link #start} on, overall and for each service, and NOT_SERVING
 *       from {@link #notServing} or {@link #close(Duration)} on.
 * </ul>
 */
public final class GrpcServer implements AutoCloseable {
  /** Largest inbound message where none is given: 16 MiB. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 16 << 20;

  private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);

  private final List<Server> servers;
  private final Runnable transport;
  private final HealthStatusManager health;
  private final ActiveCalls calls;

  private GrpcServer(
      List<Server> servers, Runnable transport, HealthStatusManager health, ActiveCalls calls) {
    this.servers = servers;
    this.transport = transport;
    this.health = health;
    this.calls = calls;
  }

  /** As the longer form, with {@link #DEFAULT_MAX_MESSAGE_BYTES}. */
  public static GrpcServer start(String host, int port, List<? extends BindableService> services) {
    return start(host, port, services, DEFAULT_MAX_MESSAGE_BYTES);
  }

  /**
   * Binds and serves.
   *
   * @param host name or address to listen on
   * @param port 0 takes a free one
   * @param services closing them stays with the caller
   * @param maxMessageBytes larger inbound messages end their call with RESOURCE_EXHAUSTED
   * @throws StartException if the address cannot be bound
   */
  public static GrpcServer start(
      String host, int port, List<? extends BindableService> services, int maxMessageBytes) {
    Services served = new Services(services, maxMessageBytes);
    ThreadFactory threads = Thread.ofVirtual().name("grpc-", 0).factory();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(resolved(host, port))
            .executor(task -> threads.newThread(task).start());
    served.addTo(builder);
    try {
      return served.serving(List.of(builder.build().start()), () -> {});
    } catch (IOException e) {
      throw Ports.cannotBind("gRPC", host, port, e);
    }
  }

  /**
   * As {@link #start(String, int, List, int)}, for services that take KV in: on the connections of
   * {@link KvServers}, whose event loops run the handlers, which therefore must not block.
   *
   * @throws StartException if the address cannot be bound
   */
  public static GrpcServer startForKv(
      String host, int port, List<? extends BindableService> services, int maxMessageBytes) {
    Services served = new Services(services, maxMessageBytes);
    try {
      KvServers servers = KvServers.start(resolved(host, port), served::addTo);
      return served.serving(servers.servers(), servers::close);
    } catch (IOException e) {
      throw Ports.cannotBind("gRPC", host, port, e);
    }
  }

  /** What is served, before it is. */
  private static final class Services {
    private final HealthStatusManager health = new HealthStatusManager();
    private final ActiveCalls calls = new ActiveCalls();
    private final List<ServerServiceDefinition> definitions = new ArrayList<>();
    private final int maxMessageBytes;

    Services(List<? extends BindableService> services, int maxMessageBytes) {
      this.maxMessageBytes = maxMessageBytes;
      health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
      for (BindableService each : services) {
        ServerServiceDefinition definition = TypedErrors.guard(each.bindService());
        definitions.add(
            each instanceof StatusService
                ? definition
                : ServerInterceptors.intercept(definition, calls));
      }
    }

    void addTo(NettyServerBuilder builder) {
      builder
          .maxInboundMessageSize(maxMessageBytes)
          .keepAliveTime(30, SECONDS)
          .keepAliveTimeout(10, SECONDS)
          .permitKeepAliveTime(5, SECONDS)
          .permitKeepAliveWithoutCalls(true)
          .addService(health.getHealthService())
          .addService(ProtoReflectionServiceV1.newInstance());
      definitions.forEach(builder::addService);
    }

    GrpcServer serving(List<Server> servers, Runnable transport) {
      definitions.forEach(
          each -> health.setStatus(each.getServiceDescriptor().getName(), ServingStatus.SERVING));
      health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
      return new GrpcServer(servers, transport, health, calls);
    }
  }

  private static InetSocketAddress resolved(String host, int port) {
    InetSocketAddress address = new InetSocketAddress(host, port);
    if (address.isUnresolved()) {
      throw new StartException(
          StartException.Reason.BAD_VALUE,
          "host: '%s' is no address of this machine and no name that resolves".formatted(host));
    }
    return address;
  }

  /** The port it listens on. */
  public int port() {
    return servers.getFirst().getPort();
  }

  /** Health says NOT_SERVING from now on; calls are taken all the same. Idempotent. */
  public void notServing() {
    health.enterTerminalState();
  }

  /**
   * Ends: health says NOT_SERVING, no call is accepted any more, those that run may end within
   * {@code grace}, the rest is cancelled. Health, reflection and status streams do not count as
   * running. Blocks until the port is free; idempotent.
   */
  public void close(Duration grace) {
    if (!servers.getFirst().isShutdown()) {
      health.enterTerminalState();
      servers.forEach(Server::shutdown);
    }
    try {
      calls.awaitNone(grace);
      servers.forEach(Server::shutdownNow);
      for (Server each : servers) {
        var _ = each.awaitTermination(10, SECONDS);
      }
    } catch (InterruptedException e) {
      servers.forEach(Server::shutdownNow);
      Thread.currentThread().interrupt();
    }
    transport.run();
  }

  /** As {@link #close(Duration)}, with a grace of 5 seconds. */
  @Override
  public void close() {
    close(DEFAULT_GRACE);
  }
}
