package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.fake.TestModel;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** What clients of the completions API get. */
class CompletionsTest extends DoorAndClient {
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
}
