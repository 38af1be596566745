package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.proto.internal.v1.EnergyTotals;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.TokenLogprob;
import dev.baton.router.admission.AdmissionLimits;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.House;
import dev.baton.router.fake.TestModel;
import dev.baton.router.generation.GenerationLimits;
import io.grpc.Status;
import java.net.URI;
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
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;

/** What clients of the OpenAI API get, byte by byte where it matters. */
@Timeout(60)
class OpenAiAnswersTest {
  private static final String CHAT = "/v1/chat/completions";
  private static final String COMPLETIONS = "/v1/completions";

  private House house = new House();
  private HttpClient client = HttpClient.newHttpClient();
  private OpenAiDoor door;

  @BeforeEach
  void open() {
    door =
        OpenAiDoor.start(
            "127.0.0.1", 0, house.generations, 1 << 20, () -> "baton_up 1\n", House.READY);
  }

  @AfterEach
  void close() {
    client.close();
    door.close();
    house.close();
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + door.port() + path))
        .timeout(Duration.ofSeconds(20))
        .header("Content-Type", "application/json");
  }

  private HttpResponse<String> post(String path, String body) throws Exception {
    return client.send(
        request(path)
            .header("x-request-id", "req-1")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofString());
  }

  private static String chat(String more) {
    return "{\"model\":\"tiny\",\"messages\":[{\"role\":\"user\",\"content\":\"hello\"}]"
        + more
        + "}";
  }

  private static List<JsonNode> events(String body) {
    List<JsonNode> events = new ArrayList<>();
    for (String event : body.split("\n\n")) {
      assertThat(event).startsWith("data: ");
      if (!event.equals("data: [DONE]")) {
        events.add(Json.read(event.substring(6)));
      }
    }
    return events;
  }

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
  void completionsTakeTextTokensAndArraysOfBoth() throws Exception {
    house.answer(choice -> "answer" + choice);
    for (String prompt : List.of("\"hi\"", "[70,71,72]")) {
      JsonNode json = Json.read(post(COMPLETIONS, "{\"prompt\":" + prompt + "}").body());
      assertThat(json.get("object").stringValue()).isEqualTo("text_completion");
      assertThat(json.get("choices").toString())
          .isEqualTo(
              "[{\"index\":0,\"text\":\"answer0\",\"logprobs\":null,\"finish_reason\":\"stop\"}]");
    }
    for (String prompt : List.of("[\"hi\",\"you\"]", "[[70,71],[72]]")) {
      JsonNode json = Json.read(post(COMPLETIONS, "{\"n\":2,\"prompt\":" + prompt + "}").body());
      List<String> texts = new ArrayList<>();
      json.get("choices").forEach(choice -> texts.add(choice.get("text").stringValue()));
      assertThat(texts).containsExactly("answer0", "answer1", "answer0", "answer1");
      assertThat(json.get("choices").get(3).get("index").intValue()).isEqualTo(3);
      assertThat(json.get("usage").get("completion_tokens").intValue())
          .isEqualTo(4 * TestModel.tokens("answer0").size());
      assertThat(json.get("baton").size()).isEqualTo(2);
    }
    String stream = post(COMPLETIONS, "{\"prompt\":[\"a\",\"b\"],\"stream\":true}").body();
    assertThat(events(stream))
        .filteredOn(event -> !event.get("choices").get(0).get("finish_reason").isNull())
        .map(event -> event.get("choices").get(0).get("index").intValue())
        .containsExactlyInAnyOrder(0, 1);
    assertThat(stream).endsWith("data: [DONE]\n\n");
  }

  @Test
  void tokenPromptsReachTheWorkersAsTheyAre() throws Exception {
    house.answer(_ -> "x");
    List<List<Integer>> seen = new CopyOnWriteArrayList<>();
    house.decode.script(call -> {
      seen.add(call.request().getPromptTokensList());
      call.fail(Status.UNAVAILABLE);
    });
    post(COMPLETIONS, "{\"prompt\":[5,6,7]}");
    assertThat(seen).containsExactly(List.of(5, 6, 7));
  }

  private static SampledToken sampled(int id, float logprob, int other, float otherLogprob) {
    return SampledToken.newBuilder()
        .setId(id)
        .setLogprob(logprob)
        .addTop(TokenLogprob.newBuilder().setId(id).setLogprob(logprob))
        .addTop(TokenLogprob.newBuilder().setId(other).setLogprob(otherLogprob))
        .build();
  }

  /** Answers "ab" with one alternative each. */
  private void answerWithLogprobs() {
    int a = TestModel.tokens("a").getFirst();
    int b = TestModel.tokens("b").getFirst();
    house.answerTokens(
        List.of(sampled(a, -0.5f, b, -1.5f), sampled(b, -0.25f, a, Float.NEGATIVE_INFINITY)),
        FinishReason.FINISH_REASON_LENGTH);
  }

  @Test
  void chatLogprobsHaveTokensBytesAndAlternatives() throws Exception {
    answerWithLogprobs();
    JsonNode choice =
        Json.read(post(CHAT, chat(",\"logprobs\":true,\"top_logprobs\":2")).body())
            .get("choices")
            .get(0);
    assertThat(choice.get("finish_reason").stringValue()).isEqualTo("length");
    assertThat(choice.get("logprobs").toString())
        .isEqualTo(
            "{\"content\":["
                + "{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97],\"top_logprobs\":["
                + "{\"token\":\"a\",\"logprob\":-0.5,\"bytes\":[97]},"
                + "{\"token\":\"b\",\"logprob\":-1.5,\"bytes\":[98]}]},"
                + "{\"token\":\"b\",\"logprob\":-0.25,\"bytes\":[98],\"top_logprobs\":["
                + "{\"token\":\"b\",\"logprob\":-0.25,\"bytes\":[98]},"
                + "{\"token\":\"a\",\"logprob\":-9999.0,\"bytes\":[97]}]}],\"refusal\":null}");
    String stream = post(CHAT, chat(",\"logprobs\":true,\"stream\":true")).body();
    assertThat(events(stream))
        .filteredOn(event -> event.get("choices").get(0).get("logprobs").isObject())
        .hasSize(2);
  }

  @Test
  void completionLogprobsHaveOffsets() throws Exception {
    answerWithLogprobs();
    JsonNode choice =
        Json.read(post(COMPLETIONS, "{\"prompt\":\"x\",\"logprobs\":2}").body())
            .get("choices")
            .get(0);
    assertThat(choice.get("logprobs").toString())
        .isEqualTo(
            "{\"tokens\":[\"a\",\"b\"],\"token_logprobs\":[-0.5,-0.25],"
                + "\"top_logprobs\":[{\"a\":-0.5,\"b\":-1.5},{\"b\":-0.25,\"a\":-9999.0}],"
                + "\"text_offset\":[0,1]}");
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

  @Test
  void threeHundredStreamsThatWaitAtOnceStallNobody() throws Exception {
    int streams = 300;
    close();
    house =
        new House(
            new GenerationLimits(32, Duration.ofMinutes(2), Duration.ofMinutes(2)),
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
