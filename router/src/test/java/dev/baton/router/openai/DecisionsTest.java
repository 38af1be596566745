package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.fake.House;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What {@code GET /v1/decisions/REQUEST_ID} says. */
@Timeout(60)
class DecisionsTest {
  private House house;
  private HttpClient client;
  private OpenAiDoor door;

  @BeforeEach
  void open() {
    house = new House();
    client = HttpClient.newHttpClient();
    door = OpenAiDoor.start("127.0.0.1", 0, house.generations, 1 << 20, () -> "", House.READY);
  }

  @AfterEach
  void close() {
    client.close();
    door.close();
    house.close();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + door.port() + path))
        .timeout(Duration.ofSeconds(20));
  }

  private int ask(String id, String... key) throws Exception {
    return client
        .send(
            with(request("/v1/completions"), key)
                .header("Content-Type", "application/json")
                .header("x-request-id", id)
                .POST(HttpRequest.BodyPublishers.ofString("{\"prompt\":\"hello\"}"))
                .build(),
            HttpResponse.BodyHandlers.ofString())
        .statusCode();
  }

  private static HttpRequest.Builder with(HttpRequest.Builder request, String... key) {
    for (String each : key) {
      request.header("Authorization", "Bearer " + each);
    }
    return request;
  }

  private HttpResponse<String> decision(String id, String... key) throws Exception {
    return client.send(
        with(request("/v1/decisions/" + id), key).GET().build(),
        HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void placedRequestHasItsPairAndEveryCandidateWithItsTerms() throws Exception {
    house.answer(_ -> "hi");
    assertThat(ask("req-1")).isEqualTo(200);

    HttpResponse<String> response = decision("req-1");

    assertThat(response.statusCode()).isEqualTo(200);
    JsonNode json = Json.read(response.body());
    assertThat(json.get("request_id").stringValue()).isEqualTo("req-1");
    assertThat(json.get("outcome").stringValue()).isEqualTo("placed");
    assertThat(json.get("prefill_worker").stringValue()).isEqualTo("p");
    assertThat(json.get("decode_worker").stringValue()).isEqualTo("d");
    assertThat(json.get("local_prefill").booleanValue()).isFalse();
    assertThat(json.get("tokens_to_compute").intValue()).isPositive();
    assertThat(json.get("blocks").intValue()).isPositive();
    assertThat(json.get("candidates"))
        .hasSize(2)
        .allSatisfy(each -> {
          assertThat(each.get("terms").size()).isPositive();
          assertThat(each.has("rejected")).isFalse();
        });
  }

  @Test
  void refusedRequestHasItsObstacleAndWhoWasLookedAt() throws Exception {
    house.workers.members(List.of(house.prefill.member()));
    assertThat(ask("req-2")).isEqualTo(503);

    JsonNode json = Json.read(decision("req-2").body());

    assertThat(json.get("outcome").stringValue()).isEqualTo("refused");
    assertThat(json.get("obstacle").stringValue()).isEqualTo("no_decode_worker");
    assertThat(json.get("candidates")).hasSize(1);
    assertThat(json.has("prefill_worker")).isFalse();
  }

  @Test
  void aTenantSeesItsOwnDecisionsOnly() throws Exception {
    house.answer(_ -> "hi");
    assertThat(ask("req-3", "alice")).isEqualTo(200);

    assertThat(decision("req-3", "alice").statusCode()).isEqualTo(200);
    assertThat(decision("req-3", "bob").statusCode()).isEqualTo(404);
    assertThat(decision("req-3").statusCode()).isEqualTo(404);
  }

  @Test
  void anotherTenantsRequestOfTheSameIdHidesNothing() throws Exception {
    house.answer(_ -> "hi");
    assertThat(ask("req-4", "alice")).isEqualTo(200);
    house.workers.members(List.of(house.prefill.member()));
    assertThat(ask("req-4", "bob")).isEqualTo(503);

    assertThat(Json.read(decision("req-4", "alice").body()).get("outcome").stringValue())
        .isEqualTo("placed");
    assertThat(Json.read(decision("req-4", "bob").body()).get("outcome").stringValue())
        .isEqualTo("refused");
  }

  @Test
  void aHeaderThatIsNoKeyIsRefused() throws Exception {
    HttpResponse<String> response =
        client.send(
            request("/v1/decisions/req-5").header("Authorization", "Basic x").GET().build(),
            HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(401);
  }

  @Test
  void unknownRequestIsNotFound() throws Exception {
    HttpResponse<String> response = decision("never-seen");
    assertThat(response.statusCode()).isEqualTo(404);
    JsonNode error = Json.read(response.body()).get("error");
    assertThat(error.get("code").stringValue()).isEqualTo("not_found");
    assertThat(error.get("message").stringValue()).contains("never-seen");
  }
}
