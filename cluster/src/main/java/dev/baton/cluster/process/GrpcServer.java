package dev.baton.cluster.process;

import static java.util.concurrent.TimeUnit.SECONDS;

import dev.baton.cluster.error.StartException;
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
 *       from {@link #close(Duration)} on.
 * </ul>
 */
public final class GrpcServer implements AutoCloseable {
  /** Largest inbound message where none is given: 16 MiB. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 16 << 20;

  private static final Duration DEFAULT_GRACE = Duration.ofSeconds(5);

  private final Server server;
  private final HealthStatusManager health;
  private final ActiveCalls calls;

  private GrpcServer(Server server, HealthStatusManager health, ActiveCalls calls) {
    this.server = server;
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
    HealthStatusManager health = new HealthStatusManager();
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
    ActiveCalls calls = new ActiveCalls();
    ThreadFactory threads = Thread.ofVirtual().name("grpc-", 0).factory();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(resolved(host, port))
            .executor(task -> threads.newThread(task).start())
            .maxInboundMessageSize(maxMessageBytes)
            .keepAliveTime(30, SECONDS)
            .keepAliveTimeout(10, SECONDS)
            .permitKeepAliveTime(5, SECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addService(health.getHealthService())
            .addService(ProtoReflectionServiceV1.newInstance());
    List<String> names = new ArrayList<>();
    for (BindableService each : services) {
      ServerServiceDefinition definition = TypedErrors.guard(each.bindService());
      if (!(each instanceof StatusService)) {
        definition = ServerInterceptors.intercept(definition, calls);
      }
      builder.addService(definition);
      names.add(definition.getServiceDescriptor().getName());
    }
    Server server = bind(builder, host, port);
    names.forEach(name -> health.setStatus(name, ServingStatus.SERVING));
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
    return new GrpcServer(server, health, calls);
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

  private static Server bind(NettyServerBuilder builder, String host, int port) {
    try {
      return builder.build().start();
    } catch (IOException e) {
      throw Ports.cannotBind("gRPC", host, port, e);
    }
  }

  /** The port it listens on. */
  public int port() {
    return server.getPort();
  }

  /**
   * Ends: health says NOT_SERVING, no call is accepted any more, those that run may end within
   * {@code grace}, the rest is cancelled. Health, reflection and status streams do not count as
   * running. Blocks until the port is free; idempotent.
   */
  public void close(Duration grace) {
    if (!server.isShutdown()) {
      health.enterTerminalState();
      server.shutdown();
    }
    try {
      calls.awaitNone(grace);
      var _ = server.shutdownNow().awaitTermination(10, SECONDS);
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  /** As {@link #close(Duration)}, with a grace of 5 seconds. */
  @Override
  public void close() {
    close(DEFAULT_GRACE);
  }
}
