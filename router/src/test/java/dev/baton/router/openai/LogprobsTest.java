package dev.baton.router.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import dev.baton.proto.v1.TokenLogprob;
import dev.baton.router.fake.TestModel;
import java.util.List;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Logprobs in the shape of either API. */
class LogprobsTest extends DoorAndClient {
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
}
