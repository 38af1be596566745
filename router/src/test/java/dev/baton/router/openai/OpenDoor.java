package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.House;
import dev.baton.router.fake.RawHttp;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/**
 * The HTTP door of a router that lets two requests in, and what clients send to it byte by byte.
 */
final class OpenDoor implements AutoCloseable {
  static final String CHAT = "/v1/chat/completions";
  static final String COMPLETIONS = "/v1/completions";
  private static final int MOST_BYTES = 1 << 20;

  final House house =
      new House(House.LIMITS, House.ADMISSION.withRequests(2, 0), TenantPolicies.NONE);
  private final OpenAiDoor door =
      OpenAiDoor.start("127.0.0.1", 0, house.generations, MOST_BYTES, () -> "", House.READY);

  RawHttp connect() throws Exception {
    return new RawHttp(door.port());
  }

  RawHttp.Response exchange(byte[] request) throws Exception {
    try (RawHttp client = connect()) {
      client.send(request);
      return client.response();
    }
  }

  RawHttp.Response post(String path, String json, String... headers) throws Exception {
    return exchange(
        RawHttp.request("POST", path, "HTTP/1.1", json, headers).getBytes(StandardCharsets.UTF_8));
  }

  /** The error of a response, which has the shape of OpenAI's and tells nothing of the inside. */
  static JsonNode error(RawHttp.Response response) {
    assertThat(response.headers()).containsEntry("content-type", "application/json");
    assertThat(response.headers()).containsKey("x-request-id");
    assertThat(response.body()).doesNotContain("Exception").doesNotContain("\\tat ");
    JsonNode error = Json.read(response.body()).get("error");
    assertThat(error.propertyNames()).containsExactly("message", "type", "param", "code");
    assertThat(error.get("message").stringValue()).isNotEmpty();
    return error;
  }

  static String chat(String more) {
    return "{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]" + more + "}";
  }

  static String completion(String more) {
    return "{\"prompt\":\"hi\"" + more + "}";
  }

  /** Nothing runs any more. */
  @Override
  public void close() {
    assertThat(house.generations.running()).isZero();
    door.close();
    house.close();
  }
}
