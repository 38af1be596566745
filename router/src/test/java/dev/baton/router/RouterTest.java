package dev.baton.router;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.drain.OrderedDrain;
import dev.baton.cluster.error.StartException;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Registrar;
import dev.baton.cluster.membership.RouterMember;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DrainState;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.FakePrefill;
import dev.baton.router.fake.PrefillProbe;
import dev.baton.router.fake.RawHttp;
import dev.baton.router.fake.TestModel;
import dev.baton.router.generation.RecoveryLimits;
import dev.baton.router.placement.JointObjective;
import dev.baton.router.placement.LocalPrefillRule;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A whole router on a real ZooKeeper, with fake workers. */
@Timeout(120)
class RouterTest {
  @TempDir Path directory;

  private static RouterConfig config(String zookeeper, int httpPort) {
    return config(zookeeper, httpPort, RouterConfig.DEFAULT_OBJECTIVE);
  }

  private static RouterConfig config(String zookeeper, int httpPort, JointObjective objective) {
    return config(zookeeper, httpPort, objective, Duration.ofMillis(100));
  }

  private static RouterConfig config(
      String zookeeper, int httpPort, JointObjective objective, Duration drainLimit) {
    return new RouterConfig(
        "r1",
        TestModel.directory(),
        TestModel.NAME,
        zookeeper,
        "127.0.0.1",
        httpPort,
        0,
        32,
        Duration.ofSeconds(30),
        Duration.ofSeconds(10),
        "a secret of the tests",
        AdmissionLimits.DEFAULT,
        TenantPolicies.NONE,
        1 << 20,
        drainLimit,
        RouterConfig.DEFAULT_POLICY,
        objective,
        RecoveryLimits.DEFAULT);
  }

  private static RawHttp.Response get(Router router, String path) throws IOException {
    try (RawHttp client = new RawHttp(router.httpPort())) {
      client.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n");
      return client.response();
    }
  }

  @Test
  void decodeWorkersAreEnoughWhereTheyMayReadPromptsThemselves() throws Exception {
    JointObjective alone = new JointObjective(1, 0.1, 0, 0, LocalPrefillRule.ALONE, 128);
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
        FakeDecode decode = new FakeDecode("d");
        Router router = Router.start(config(zookeeper.connectString(), 0, alone));
        ClusterConnection cluster =
            ClusterConnection.open(
                zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
        Registrar d = Registrar.of(cluster, decode.registration())) {
      assertThat(get(router, "/readyz").body()).contains("no decode worker");
      d.start();
      decode.registered(d.epoch());
      await().atMost(10, SECONDS).until(() -> get(router, "/readyz").status() == 200);
    }
  }

  @Test
  void routerFindsItsWorkersServesAndCloses() throws Exception {
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
        FakePrefill prefill = new FakePrefill("p");
        FakeDecode decode = new FakeDecode("d")) {
      Router router = Router.start(config(zookeeper.connectString(), 0));
      assertThat(get(router, "/readyz").status()).isEqualTo(503);
      assertThat(get(router, "/readyz").body()).contains("no prefill worker");
      assertThat(get(router, "/healthz").status()).isEqualTo(200);
      try (ClusterConnection cluster =
              ClusterConnection.open(
                  zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
          Registrar p = Registrar.of(cluster, prefill.registration());
          Registrar d = Registrar.of(cluster, decode.registration())) {
        p.start();
        d.start();
        prefill.registered(p.epoch());
        decode.registered(d.epoch());
        await().atMost(10, SECONDS).until(() -> get(router, "/readyz").status() == 200);

        try (RawHttp client = new RawHttp(router.httpPort())) {
          client.post("/v1/completions", "{\"prompt\":\"hello\",\"max_tokens\":4}");
          DecodeProbe call = decode.next();
          DecodeRequest asked = call.request();
          assertThat(asked.getTicket().getReceiverEpoch()).isEqualTo(d.epoch());
          call.reserved();
          PrefillProbe toPrefill = prefill.next();
          call.kvArrived(1, 0, 64);
          call.text(0, "hey");
          toPrefill.done(0);
          call.stopped(0);
          call.complete();
          assertThat(client.response().body()).contains("\"text\":\"hey\"");
        }
        assertThat(get(router, "/metrics").body())
            .contains("baton_request_ttft_seconds_count{role=\"router\",worker=\"r1\"} 1")
            .contains("baton_request_tpot_seconds_count")
            .contains("baton_request_queue_seconds_count")
            .contains("baton_request_seconds_count")
            .contains("baton_requests_active")
            .contains("baton_requests_total{door=\"completions\",outcome=\"completed\"")
            .contains("baton_tokens_total{kind=\"completion\"");
        ManagedChannel channel =
            NettyChannelBuilder.forAddress("127.0.0.1", router.grpcPort()).usePlaintext().build();
        assertThat(
                HealthGrpc.newBlockingStub(channel)
                    .check(
                        HealthCheckRequest.newBuilder()
                            .setService("baton.v1.GenerationService")
                            .build())
                    .getStatus())
            .isEqualTo(ServingStatus.SERVING);
        channel.shutdownNow();

        try (RawHttp client = new RawHttp(router.httpPort())) {
          client.post("/v1/completions", "{\"prompt\":\"hello\"}");
          DecodeProbe call = decode.next();
          router.close();
          assertThat(call.awaitCancelled()).isTrue();
          RawHttp.Response response = client.response();
          assertThat(response.status()).isEqualTo(503);
          assertThat(response.body()).contains("draining");
        }
        int http = router.httpPort();
        assertThatThrownBy(() -> new Socket("127.0.0.1", http).close())
            .isInstanceOf(IOException.class);
        router.close();
      }
    }
  }

  @Test
  void drainingRouterSendsNewRequestsElsewhereAndLetsTheRunningOneEnd() throws Exception {
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
        FakePrefill prefill = new FakePrefill("p");
        FakeDecode decode = new FakeDecode("d");
        ClusterConnection cluster =
            ClusterConnection.open(
                zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
        Registrar p = Registrar.of(cluster, prefill.registration());
        Registrar d = Registrar.of(cluster, decode.registration())) {
      p.start();
      d.start();
      prefill.registered(p.epoch());
      decode.registered(d.epoch());
      Router router =
          Router.start(
              config(
                  zookeeper.connectString(),
                  0,
                  RouterConfig.DEFAULT_OBJECTIVE,
                  Duration.ofMinutes(1)));
      await().atMost(10, SECONDS).until(() -> get(router, "/readyz").status() == 200);
      await().atMost(10, SECONDS).until(() -> RouterMember.look(cluster).size() == 1);
      RouterMember member = RouterMember.look(cluster).getFirst();
      assertThat(member.registration().getHttpEndpoint()).endsWith(":" + router.httpPort());
      CountDownLatch ordered = new CountDownLatch(1);
      router.onDrainOrder(ordered::countDown);
      try (RawHttp client = new RawHttp(router.httpPort());
          OrderedDrain order = OrderedDrain.of(cluster, "r1", member.epoch(), "the test")) {
        client.post("/v1/completions", "{\"prompt\":\"hello\",\"max_tokens\":4}");
        DecodeProbe call = decode.next();
        assertThat(ordered.await(10, SECONDS)).isTrue();
        Thread close = Thread.startVirtualThread(router::close);

        await().atMost(10, SECONDS).until(() -> get(router, "/readyz").status() == 503);
        assertThat(get(router, "/readyz").body()).contains("shutting down");
        try (RawHttp other = new RawHttp(router.httpPort())) {
          other.post("/v1/completions", "{\"prompt\":\"hello\"}");
          RawHttp.Response refused = other.response();
          assertThat(refused.status()).isEqualTo(503);
          assertThat(refused.body()).contains("draining");
          assertThat(refused.headers())
              .containsEntry("retry-after", "1")
              .containsEntry("connection", "close");
        }
        await()
            .atMost(10, SECONDS)
            .until(() -> order.progress().filter(each -> each.getRequests() == 1).isPresent());

        call.reserved();
        call.kvArrived(1, 0, 64);
        call.text(0, "hey");
        call.stopped(0);
        call.complete();
        assertThat(client.response().body()).contains("\"text\":\"hey\"");
        close.join();
        assertThat(order.progress().orElseThrow().getState())
            .isEqualTo(DrainState.DRAIN_STATE_OVER);
        assertThat(order.progress().orElseThrow().getHandedBack()).isZero();
        assertThat(RouterMember.look(cluster)).isEmpty();
      }
    }
  }

  @Test
  void idleConnectionDoesNotHoldTheClosingUp() throws Exception {
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0)) {
      Router router = Router.start(config(zookeeper.connectString(), 0));
      try (RawHttp client = new RawHttp(router.httpPort())) {
        client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        assertThat(client.response().status()).isEqualTo(200);
        long start = System.nanoTime();
        router.close();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
        assertThat(client.isAtEnd()).isTrue();
      }
    }
  }

  @Test
  void takenPortAndUnreachableZooKeeperAreSaidAtStart() throws Exception {
    try (EmbeddedZooKeeper zookeeper = EmbeddedZooKeeper.start(directory.resolve("zk"), 0);
        ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(
              () -> Router.start(config(zookeeper.connectString(), taken.getLocalPort())))
          .isInstanceOf(StartException.class)
          .hasMessageContaining(Integer.toString(taken.getLocalPort()));
    }
  }

  @Test
  void wrongConfigurationNamesTheField() {
    assertThatThrownBy(() -> config("zk:1", 70_000)).hasMessageContaining("httpPort: 70000");
    assertThatThrownBy(() ->
            new RouterConfig(
                "r",
                directory,
                "m",
                "zk",
                "h",
                0,
                0,
                1,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                "short"))
        .hasMessageContaining("tenantSecret: 5 characters");
    assertThat(config("zk:1", 1).toString()).doesNotContain("secret of the tests");
  }
}
