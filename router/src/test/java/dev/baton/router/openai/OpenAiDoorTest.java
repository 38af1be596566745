package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.House;
import dev.baton.router.generation.GenerationLimits;
import dev.baton.router.generation.RecoveryLimits;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What the HTTP door does beside answering one request. */
class OpenAiDoorTest extends DoorAndClient {
  @Test
  void threeHundredStreamsThatWaitAtOnceStallNobody() throws Exception {
    int streams = 300;
    close();
    house =
        new House(
            new GenerationLimits(
                32, Duration.ofMinutes(2), Duration.ofMinutes(2), RecoveryLimits.NONE),
            new AdmissionLimits(
                streams,
                streams,
                1 << 20,
                1 << 20,
                Duration.ofMinutes(1),
                Optional.empty(),
                Optional.empty()),
            TenantPolicies.NONE);
    house.decode.load(WorkerLoad.newBuilder().setBlocksTotal(1 << 20).build());
    client = HttpClient.newHttpClient();
    open();
    Queue<DecodeProbe> waiting = new ConcurrentLinkedQueue<>();
    house.decode.script(waiting::add);
    house.prefill.script(call -> call.done(0));
    List<CompletableFuture<HttpResponse<String>>> all = new ArrayList<>();
    for (int i = 0; i < streams; i++) {
      all.add(
          client.sendAsync(
              request(CHAT)
                  .POST(HttpRequest.BodyPublishers.ofString(chat(",\"stream\":true")))
                  .build(),
              HttpResponse.BodyHandlers.ofString()));
    }
    await()
        .atMost(30, TimeUnit.SECONDS)
        .untilAsserted(() -> {
          assertThat(all).noneMatch(CompletableFuture::isDone);
          assertThat(waiting).hasSize(streams);
        });
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    for (DecodeProbe each : waiting) {
      each.reserved();
      each.kvArrived(1, 0, 1);
      each.text(0, "at last");
      each.stopped(0);
      each.complete();
    }
    for (CompletableFuture<HttpResponse<String>> each : all) {
      assertThat(each.get(30, TimeUnit.SECONDS).body()).endsWith("data: [DONE]\n\n");
    }
    assertThat(house.generations.running()).isZero();
  }

  @Test
  void modelsAreListedAndFoundByName() throws Exception {
    JsonNode list = Json.read(get("/v1/models").body());
    assertThat(list.get("object").stringValue()).isEqualTo("list");
    assertThat(list.get("data").get(0).get("id").stringValue()).isEqualTo("tiny");
    JsonNode one = Json.read(get("/v1/models/tiny").body());
    assertThat(one).isEqualTo(list.get("data").get(0));
    HttpResponse<String> none = get("/v1/models/org/other");
    assertThat(none.statusCode()).isEqualTo(404);
    assertThat(Json.read(none.body()).get("error").get("message").stringValue())
        .contains("org/other")
        .contains("tiny");
  }

  @Test
  void operatorsFindMetricsAndHealth() throws Exception {
    assertThat(get("/metrics").body()).isEqualTo("baton_up 1\n");
    assertThat(get("/healthz").statusCode()).isEqualTo(200);
    assertThat(get("/readyz").statusCode()).isEqualTo(200);
  }
}
