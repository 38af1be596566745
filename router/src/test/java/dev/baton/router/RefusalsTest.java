package dev.baton.router;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.process.GrpcServer;
import dev.baton.proto.v1.ErrorDetail;
import dev.baton.proto.v1.GenerateRequest;
import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.OverloadReason;
import dev.baton.router.admission.Payer;
import dev.baton.router.admission.Priority;
import dev.baton.router.admission.Rate;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.admission.TenantPolicy;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.House;
import dev.baton.router.grpc.GenerationDoor;
import dev.baton.router.openai.OpenAiDoor;
import dev.baton.router.tenant.Tenant;
import dev.baton.router.tenant.Tenants;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.MetadataUtils;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What clients of both doors hear when they are not let in. Two requests may run and one may wait;
 * whoever shows the key {@code slow} may take 40 tokens and then none for hours.
 */
@Timeout(60)
class RefusalsTest {
  private static final Tenant SLOW = Tenants.ofAuthorization("Bearer slow").orElseThrow();
  private static final TenantPolicies POLICIES =
      new TenantPolicies(
          Map.of(
              SLOW.name(),
              new Payer(
                  "slow",
                  new TenantPolicy(
                      1,
                      Optional.of(new Rate(0.001, 40)),
                      Optional.empty(),
                      10,
                      10,
                      1000,
                      Priority.NORMAL))),
          Optional.of(new Payer("default", TenantPolicy.UNLIMITED)));

  private final House house = new House(House.LIMITS, House.ADMISSION.withRequests(2, 1), POLICIES);
  private final HttpClient http = HttpClient.newHttpClient();
  private OpenAiDoor httpDoor;
  private GrpcServer grpcDoor;
  private ManagedChannel channel;

  @BeforeEach
  void open() {
    httpDoor = OpenAiDoor.start("127.0.0.1", 0, house.generations, 1 << 20, () -> "", House.READY);
    grpcDoor =
        GrpcServer.start(
            "127.0.0.1", 0, List.of(GenerationDoor.open(house.generations, house.workers)));
    channel = NettyChannelBuilder.forAddress("127.0.0.1", grpcDoor.port()).usePlaintext().build();
  }

  @AfterEach
  void close() {
    http.shutdownNow();
    channel.shutdownNow();
    house.generations.close();
    grpcDoor.close();
    httpDoor.close();
    house.close();
  }

  private HttpResponse<String> post(String key, String more) throws Exception {
    return http.send(request(key, more).build(), HttpResponse.BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String key, String more) {
    return HttpRequest.newBuilder(
            URI.create("http://127.0.0.1:" + httpDoor.port() + "/v1/completions"))
        .header("Content-Type", "application/json")
        .header("Authorization", "Bearer " + key)
        .POST(
            HttpRequest.BodyPublishers.ofString(
                "{\"prompt\":\"hello\",\"max_tokens\":40" + more + "}"));
  }

  private ErrorDetail grpcFailure(String key) throws Exception {
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("authorization", Metadata.ASCII_STRING_MARSHALLER), "Bearer " + key);
    try {
      GenerationServiceGrpc.newBlockingStub(channel)
          .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers))
          .generate(GenerateRequest.newBuilder().setText("hello").setMaxTokens(40).build())
          .forEachRemaining(_ -> {});
    } catch (StatusRuntimeException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED);
      return StatusProto.fromThrowable(e).getDetails(0).unpack(ErrorDetail.class);
    }
    throw new AssertionError("no error");
  }

  /** Two run and one waits. */
  private void fill() throws Exception {
    for (int i = 0; i < 3; i++) {
      var _ = http.sendAsync(request("any", "").build(), HttpResponse.BodyHandlers.ofString());
    }
    DecodeProbe _ = house.decode.next();
    DecodeProbe _ = house.decode.next();
    await().until(() -> house.meters.get("baton.admission.queued.requests").gauge().value() == 1);
  }

  @Test
  void whoIsOverItsRateHears429WithTheTimeWhileOthersAreServed() throws Exception {
    house.answer(_ -> "forty tokens are forty bytes with this one");
    assertThat(post("slow", "").statusCode()).isEqualTo(200);
    HttpResponse<String> refused = post("slow", "");
    assertThat(refused.statusCode()).isEqualTo(429);
    assertThat(refused.body())
        .contains("\"type\":\"rate_limit_error\"", "\"code\":\"rate_limit_exceeded\"");
    assertThat(Long.parseLong(refused.headers().firstValue("retry-after").orElseThrow()))
        .isGreaterThan(3600);
    assertThat(post("other", "").statusCode()).isEqualTo(200);

    ErrorDetail detail = grpcFailure("slow");
    assertThat(detail.getReason()).isEqualTo(OverloadReason.OVERLOAD_REASON_RATE_LIMIT);
    assertThat(detail.getRetryAfterMs()).isGreaterThan(3_600_000);
  }

  @Test
  void aFullQueueIs503WithTheTimeToComeBack() throws Exception {
    fill();
    HttpResponse<String> refused = post("any", "");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(refused.body()).contains("\"type\":\"server_error\"", "\"code\":\"queue_full\"");
    assertThat(refused.headers().firstValue("retry-after")).hasValue("1");

    ErrorDetail detail = grpcFailure("any");
    assertThat(detail.getReason()).isEqualTo(OverloadReason.OVERLOAD_REASON_QUEUE_FULL);
    assertThat(detail.getRetryAfterMs()).isEqualTo(1000);
  }

  @Test
  void aServiceTierAboveTheTenantsHighestPriorityIsNamedAsTheClientWroteIt() throws Exception {
    house.answer(_ -> "x");
    assertThat(post("any", ",\"service_tier\":\"priority\"").statusCode()).isEqualTo(200);
    assertThat(post("slow", ",\"service_tier\":\"flex\"").statusCode()).isEqualTo(200);
    HttpResponse<String> refused = post("slow", ",\"service_tier\":\"priority\"");
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(refused.body()).contains("\"param\":\"service_tier\"");
    HttpResponse<String> unknown = post("any", ",\"service_tier\":\"scale\"");
    assertThat(unknown.statusCode()).isEqualTo(400);
    assertThat(unknown.body()).contains("\"code\":\"unsupported_parameter\"");
  }
}
