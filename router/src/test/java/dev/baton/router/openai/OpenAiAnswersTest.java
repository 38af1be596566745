package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.internal.v1.EnergyTotals;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.router.fake.TestModel;
import io.grpc.Status;
import java.net.http.HttpResponse;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What clients of the OpenAI API get, byte by byte where it matters. */
class OpenAiAnswersTest extends DoorAndClient {
  @Test
  void wholeChatAnswerHasMessageUsageAndRoute() throws Exception {
    house.answer(_ -> "hi you");
    HttpResponse<String> response = post(CHAT, chat(",\"seed\":-7"));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(response.headers().firstValue("x-request-id")).hasValue("req-1");
    JsonNode json = Json.read(response.body());
    assertThat(json.get("id").stringValue()).isEqualTo("chatcmpl-req-1");
    assertThat(json.get("object").stringValue()).isEqualTo("chat.completion");
    assertThat(json.get("created").longValue()).isPositive();
    assertThat(json.get("model").stringValue()).isEqualTo("tiny");
    assertThat(json.get("choices").get(0).toString())
        .isEqualTo(
            "{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"hi you\",\"refusal\":null,"
                + "\"annotations\":[]},\"logprobs\":null,\"finish_reason\":\"stop\"}");
    int tokens = TestModel.tokens("hi you").size();
    JsonNode usage = json.get("usage");
    assertThat(usage.get("completion_tokens").intValue()).isEqualTo(tokens);
    assertThat(usage.get("total_tokens").intValue())
        .isEqualTo(usage.get("prompt_tokens").intValue() + tokens);
    assertThat(usage.get("prompt_tokens_details").get("cached_tokens").intValue()).isEqualTo(16);
    assertThat(usage.get("completion_tokens_details").get("reasoning_tokens").intValue()).isZero();
    double queue = json.get("baton").get("queue_ms").asDouble();
    double admission = json.get("baton").get("admission_ms").asDouble();
    assertThat(queue).isPositive();
    assertThat(json.get("baton").toString())
        .isEqualTo(
            "{\"request_id\":\"req-1\",\"seed\":\"-7\",\"prefill_worker\":\"p\",\"decode_worker\":\"d\","
                + "\"blocks_moved\":2,\"blocks_present\":1,\"bytes_moved\":4096,\"pulled_tokens\":0,\"local_prefill\":false,\"transfer_ms\":4.5,\"visible_transfer_ms\":1.25,"
                + "\"admission_ms\":"
                + admission
                + ",\"queue_ms\":"
                + queue
                + ",\"prefill_ms\":8.5}");
  }

  @Test
  void energyOfARequestAndOfAllWorkersIsSaidWhereTheWorkersSayIt() throws Exception {
    WorkerLoad.Builder load = WorkerLoad.newBuilder().setBlocksTotal(1000);
    house.prefill.load(
        load.setEnergy(EnergyTotals.newBuilder().setIdleJoules(2).setPrefillJoules(3)).build());
    house.decode.load(
        load.setEnergy(EnergyTotals.newBuilder().setIdleJoules(2).setDecodeJoules(4)).build());
    Awaitility.await()
        .until(() -> Json.read(get("/v1/models/tiny").body()).at("/baton/joules").isNumber());
    house.decode.script(call -> {
      call.reserved();
      call.kvArrived(2, 1, 4096);
      call.text(0, "a");
      call.text(0, "b", 0.5);
      call.stopped(0);
      call.complete();
    });
    house.prefill.script(call -> call.done(16, 2.25));

    JsonNode answer = Json.read(post(CHAT, chat("")).body());

    JsonNode model = Json.read(get("/v1/models/tiny").body());
    assertThat(model.at("/baton/joules").asDouble()).isEqualTo(11);
    assertThat(model.at("/baton").has("dollars_per_hour")).as("nobody registered one").isFalse();
    assertThat(answer.at("/baton/prefill_joules").asDouble()).isEqualTo(2.25);
    assertThat(answer.at("/baton/decode_joules").asDouble()).isEqualTo(0.5);
  }

  @Test
  void seedOfAnAnswerCanBeSentBackAsItStands() throws Exception {
    house.answer(_ -> "hi you");
    JsonNode first = Json.read(post(CHAT, chat(",\"seed\":-9223372036854775807")).body());
    String seed = first.get("baton").get("seed").toString();
    assertThat(seed).isEqualTo("\"-9223372036854775807\"");
    JsonNode again = Json.read(post(CHAT, chat(",\"seed\":" + seed)).body());
    assertThat(again.get("baton").get("seed").toString()).isEqualTo(seed);
  }

  @Test
  void streamedChatIsServerSentEventsToTheByte() throws Exception {
    house.answer(_ -> "ab");
    HttpResponse<String> response =
        post(CHAT, chat(",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"seed\":5"));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type"))
        .hasValue("text/event-stream; charset=utf-8");
    assertThat(response.headers().firstValue("cache-control")).hasValue("no-cache");
    String created = response.body().replaceAll("(?s).*?\"created\":(\\d+).*", "$1");
    String head =
        "data: {\"id\":\"chatcmpl-req-1\",\"object\":\"chat.completion.chunk\",\"created\":"
            + created
            + ",\"model\":\"tiny\",\"choices\":[";
    int prompt = events(response.body()).getLast().get("usage").get("prompt_tokens").intValue();
    String queue = response.body().replaceAll("(?s).*\"queue_ms\":([0-9.E-]+).*", "$1");
    String admission = response.body().replaceAll("(?s).*\"admission_ms\":([0-9.E-]+).*", "$1");
    String chunk =
        "{\"index\":0,\"delta\":%s,\"logprobs\":null,\"finish_reason\":%s}],\"usage\":null}\n\n";
    assertThat(response.body())
        .isEqualTo(
            head
                + chunk.formatted("{\"role\":\"assistant\",\"content\":\"\"}", "null")
                + head
                + chunk.formatted("{\"content\":\"a\"}", "null")
                + head
                + chunk.formatted("{\"content\":\"b\"}", "null")
                + head
                + chunk.formatted("{}", "\"stop\"")
                + head
                + "],\"usage\":{\"prompt_tokens\":"
                + prompt
                + ",\"completion_tokens\":2,\"total_tokens\":"
                + (prompt + 2)
                + ",\"prompt_tokens_details\":{\"cached_tokens\":16},"
                + "\"completion_tokens_details\":{\"reasoning_tokens\":0}},"
                + "\"baton\":{\"request_id\":\"req-1\",\"seed\":\"5\",\"prefill_worker\":\"p\","
                + "\"decode_worker\":\"d\",\"blocks_moved\":2,\"blocks_present\":1,\"bytes_moved\":4096,\"pulled_tokens\":0,\"local_prefill\":false,\"transfer_ms\":4.5,\"visible_transfer_ms\":1.25,"
                + "\"admission_ms\":"
                + admission
                + ",\"queue_ms\":"
                + queue
                + ",\"prefill_ms\":8.5}}\n\n"
                + "data: [DONE]\n\n");
  }

  @Test
  void streamWithoutIncludeUsageHasNone() throws Exception {
    house.answer(_ -> "ab");
    String body = post(CHAT, chat(",\"stream\":true")).body();
    assertThat(body)
        .doesNotContain("usage")
        .doesNotContain("baton\":")
        .endsWith("data: [DONE]\n\n");
  }

  @Test
  void threeChoicesKeepTheirTextsApartWholeAndStreamed() throws Exception {
    house.answer(choice -> "text" + choice);
    JsonNode whole = Json.read(post(CHAT, chat(",\"n\":3")).body());
    assertThat(whole.get("choices").size()).isEqualTo(3);
    for (int i = 0; i < 3; i++) {
      assertThat(whole.get("choices").get(i).get("message").get("content").stringValue())
          .isEqualTo("text" + i);
    }
    StringBuilder[] texts = {new StringBuilder(), new StringBuilder(), new StringBuilder()};
    for (JsonNode event : events(post(CHAT, chat(",\"n\":3,\"stream\":true")).body())) {
      JsonNode choice = event.get("choices").get(0);
      JsonNode content = choice.get("delta").get("content");
      if (content != null) {
        texts[choice.get("index").intValue()].append(content.stringValue());
      }
    }
    assertThat(List.of(texts))
        .map(StringBuilder::toString)
        .containsExactly("text0", "text1", "text2");
  }

  @Test
  void stopStringsCutTheText() throws Exception {
    house.answer(_ -> "one STOP two");
    JsonNode json = Json.read(post(CHAT, chat(",\"stop\":[\"STOP\",\"x\"]")).body());
    assertThat(json.get("choices").get(0).get("message").get("content").stringValue())
        .isEqualTo("one ");
    assertThat(json.get("choices").get(0).get("finish_reason").stringValue()).isEqualTo("stop");
    JsonNode single = Json.read(post(COMPLETIONS, "{\"prompt\":\"x\",\"stop\":\" \"}").body());
    assertThat(single.get("choices").get(0).get("text").stringValue()).isEqualTo("one");
  }

  @Test
  void partsOfTextAreOneMessageAndDeveloperIsSystem() throws Exception {
    house.answer(_ -> "x");
    String plain =
        "{\"messages\":[{\"role\":\"system\",\"content\":\"ab\"},{\"role\":\"user\",\"content\":\"c\"}]}";
    String parts =
        "{\"messages\":[{\"role\":\"developer\",\"content\":[{\"type\":\"text\",\"text\":\"a\"},"
            + "{\"type\":\"text\",\"text\":\"b\"}]},{\"role\":\"user\",\"content\":\"c\"}]}";
    JsonNode one = Json.read(post(CHAT, plain).body());
    JsonNode other = Json.read(post(CHAT, parts).body());
    assertThat(other.get("usage")).isEqualTo(one.get("usage"));
  }

  @Test
  void neutralValuesOfUnservedFieldsAreAccepted() throws Exception {
    house.answer(_ -> "x");
    assertThat(
            post(
                    CHAT,
                    chat(
                        ",\"tools\":[],\"tool_choice\":\"none\",\"response_format\":{\"type\":\"text\"},"
                            + "\"logit_bias\":{},\"modalities\":[\"text\"],\"audio\":null,\"store\":false,"
                            + "\"parallel_tool_calls\":true,\"user\":\"me\",\"service_tier\":\"auto\","
                            + "\"temperature\":null,\"stop\":null,\"max_completion_tokens\":5,\"max_tokens\":5"))
                .statusCode())
        .isEqualTo(200);
    assertThat(
            post(
                    COMPLETIONS,
                    "{\"prompt\":\"x\",\"echo\":false,\"suffix\":null,\"best_of\":2,\"n\":2}")
                .statusCode())
        .isEqualTo(200);
  }

  @Test
  void errorMidStreamIsOneEventAndNoDone() throws Exception {
    house.failAfter("ab", Status.UNAVAILABLE);
    HttpResponse<String> response = post(COMPLETIONS, "{\"prompt\":\"x\",\"stream\":true}");
    assertThat(response.statusCode()).isEqualTo(200);
    List<JsonNode> events = events(response.body());
    assertThat(events.getLast().get("error").get("code").stringValue()).isEqualTo("worker_lost");
    assertThat(events.getLast().get("error").get("type").stringValue()).isEqualTo("server_error");
    assertThat(response.body()).doesNotContain("[DONE]");
  }

  @Test
  void errorBeforeTheFirstTokenHasItsStatusInAStreamToo() throws Exception {
    house.failAfter("", Status.UNAVAILABLE);
    HttpResponse<String> response = post(CHAT, chat(",\"stream\":true"));
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.headers().firstValue("content-type")).hasValue("application/json");
    assertThat(Json.read(response.body()).get("error").get("code").stringValue())
        .isEqualTo("worker_lost");
  }
}
