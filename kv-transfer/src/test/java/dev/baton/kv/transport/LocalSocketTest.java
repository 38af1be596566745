package dev.baton.kv.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class LocalSocketTest {
  private static final MethodDescriptor<StringValue, StringValue> ECHO =
      MethodDescriptor.<StringValue, StringValue>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("test.Echo/Say")
          .setRequestMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .setResponseMarshaller(ProtoUtils.marshaller(StringValue.getDefaultInstance()))
          .build();

  private final AtomicReference<SocketAddress> caller = new AtomicReference<>();

  private KvServers serve() throws Exception {
    return serve(0);
  }

  private KvServers serve(int port) throws Exception {
    assumeThat(Loops.areEpoll()).isTrue();
    ServerServiceDefinition echo =
        ServerServiceDefinition.builder("test.Echo")
            .addMethod(
                ECHO,
                ServerCalls.<StringValue, StringValue>asyncUnaryCall((request, replies) -> {
                  replies.onNext(request);
                  replies.onCompleted();
                }))
            .build();
    ServerInterceptor remember =
        new ServerInterceptor() {
          @Override
          public <Q, A> ServerCall.Listener<Q> interceptCall(
              ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
            caller.set(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
            return next.startCall(call, headers);
          }
        };
    return KvServers.start(
        new InetSocketAddress(InetAddress.getLoopbackAddress(), port),
        builder -> builder.addService(echo).intercept(remember));
  }

  private void say(Connections connections, int port) throws Exception {
    ManagedChannel channel = connections.open("127.0.0.1:" + port, 0).channel();
    try {
      StringValue hello = StringValue.of("hello");
      assertThat(
              ClientCalls.blockingUnaryCall(
                  channel,
                  ECHO,
                  CallOptions.DEFAULT.withDeadlineAfter(30, TimeUnit.SECONDS),
                  hello))
          .isEqualTo(hello);
    } finally {
      channel.shutdownNow().awaitTermination(30, TimeUnit.SECONDS);
    }
    assertThat(channel.getState(false)).isEqualTo(ConnectivityState.SHUTDOWN);
  }

  @Test
  void aPeerOnThisHostIsReachedOverItsUnixSocketWhichEndsWithIt() throws Exception {
    try (Connections any = Connections.over(Connections.Wire.ANY);
        Connections tcp = Connections.over(Connections.Wire.TCP)) {
      Path socket;
      try (KvServers servers = serve()) {
        socket = LocalSocket.path(servers.port()).orElseThrow();
        assertThat(socket).exists();
        say(any, servers.port());
        assertThat(caller.get()).isNotInstanceOf(InetSocketAddress.class);
        say(tcp, servers.port());
        assertThat(caller.get()).isInstanceOf(InetSocketAddress.class);
      }
      assertThat(socket).doesNotExist();
    }
  }

  @Test
  void aSocketThatNobodyServesIsNotUsedAndIsSweptByALaterServer() throws Exception {
    try (KvServers servers = serve();
        Connections any = Connections.over(Connections.Wire.ANY)) {
      Path socket = LocalSocket.path(servers.port()).orElseThrow();
      Files.delete(socket);
      try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
        dead.bind(
            UnixDomainSocketAddress.of(
                socket)); // its file stays when it closes: as of a dead process
      }
      assertThat(socket).exists();
      say(any, servers.port());
      assertThat(caller.get()).isInstanceOf(InetSocketAddress.class);
      try (KvServers _ = serve()) {
        assertThat(socket).as("one whose server is about to listen").exists();
      }
      Files.setLastModifiedTime(socket, FileTime.from(Instant.now().minusSeconds(60)));
      try (KvServers _ = serve()) {
        assertThat(socket).doesNotExist();
      }
    }
  }

  @Test
  void aServerWhoseQueueIsFullIsNeitherWaitedForNorTakenForDead() throws Exception {
    List<SocketChannel> queue = new ArrayList<>();
    try (KvServers servers = serve();
        ServerSocketChannel stopped = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      Path socket = LocalSocket.path(servers.port()).orElseThrow();
      Files.delete(socket);
      UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
      stopped.bind(address, 1);
      assertThatThrownBy(
              () -> {
                while (true) {
                  queue.add(SocketChannel.open(StandardProtocolFamily.UNIX));
                  queue.getLast().configureBlocking(false);
                  queue.getLast().connect(address);
                }
              })
          .isInstanceOf(IOException.class);
      assertThat(LocalSocket.find("127.0.0.1:" + servers.port())).isEmpty();
      LocalSocket.prepare();
      assertThat(socket).exists();
    } finally {
      for (SocketChannel each : queue) {
        each.close();
      }
    }
  }

  @Test
  void aServerThatComesBackAtOnceReplacesTheSocketOfTheOneThatDied() throws Exception {
    int port;
    try (KvServers first = serve()) {
      port = first.port();
    }
    Path socket = LocalSocket.path(port).orElseThrow();
    LocalSocket.prepare();
    try (ServerSocketChannel dead = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      dead.bind(UnixDomainSocketAddress.of(socket));
    }
    try (KvServers _ = serve(port);
        Connections any = Connections.over(Connections.Wire.ANY)) {
      say(any, port);
      assertThat(caller.get()).isNotInstanceOf(InetSocketAddress.class);
    }
  }

  @Test
  void aTargetElsewhereHasNoLocalSocket() throws Exception {
    try (KvServers servers = serve()) {
      assertThat(LocalSocket.find("127.0.0.1:" + servers.port())).isPresent();
      assertThat(LocalSocket.find("192.0.2.1:" + servers.port())).isEmpty();
      assertThat(LocalSocket.find("127.0.0.1:nowhere")).isEmpty();
    }
  }
}
