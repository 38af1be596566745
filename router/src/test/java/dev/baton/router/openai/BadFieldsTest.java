package dev.baton.router.openai;

import static dev.baton.router.openai.OpenDoor.CHAT;
import static dev.baton.router.openai.OpenDoor.COMPLETIONS;
import static dev.baton.router.openai.OpenDoor.chat;
import static dev.baton.router.openai.OpenDoor.completion;
import static dev.baton.router.openai.OpenDoor.error;
import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.fake.RawHttp;
import dev.baton.router.fake.TestModel;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** Every field that cannot be is named as the client wrote it, and costs no worker anything. */
@Timeout(60)
class BadFieldsTest {
  private final OpenDoor door = new OpenDoor();

  @AfterEach
  void close() {
    door.close();
  }

  private static String message(String message) {
    return "{\"messages\":[" + message + "]}";
  }

  static Stream<Arguments> badFields() {
    List<Arguments> table = new ArrayList<>();
    String value = "invalid_value";
    // Fields that both routes have.
    for (String[] row :
        new String[][] {
          {",\"temperature\":3", "temperature", value},
          {",\"temperature\":-0.1", "temperature", value},
          {",\"temperature\":1e999", "temperature", value},
          {",\"temperature\":\"hot\"", "temperature", value},
          {",\"top_p\":0", "top_p", value},
          {",\"top_p\":1.01", "top_p", value},
          {",\"min_p\":2", "min_p", value},
          {",\"top_k\":-2", "top_k", value},
          {",\"top_k\":4294967295", "top_k", value},
          {",\"presence_penalty\":2.5", "presence_penalty", value},
          {",\"frequency_penalty\":-2.5", "frequency_penalty", value},
          {",\"repetition_penalty\":0", "repetition_penalty", value},
          {",\"n\":0", "n", value},
          {",\"n\":17", "n", value},
          {",\"n\":1.5", "n", value},
          {",\"n\":\"2\"", "n", value},
          {",\"n\":99999999999999999999999", "n", value},
          {",\"max_tokens\":0", "max_tokens", value},
          {",\"max_tokens\":-1", "max_tokens", value},
          {",\"max_tokens\":99999999999", "max_tokens", value},
          {",\"max_tokens\":4294967295", "max_tokens", "context_length_exceeded"},
          {",\"max_tokens\":512", "max_tokens", "context_length_exceeded"},
          {",\"seed\":1.5", "seed", value},
          {",\"seed\":9223372036854775808", "seed", value},
          {",\"seed\":\"9223372036854775808\"", "seed", value},
          {",\"seed\":\"\"", "seed", value},
          {",\"stop\":5", "stop", value},
          {",\"stop\":\"\"", "stop[0]", value},
          {",\"stop\":[\"a\",5]", "stop[1]", value},
          {",\"stop\":[" + "\"a\",".repeat(16) + "\"a\"]", "stop", value},
          {",\"stop_token_ids\":[300]", "stop_token_ids[0]", value},
          {",\"stop_token_ids\":[-1]", "stop_token_ids[0]", value},
          {",\"stream\":\"yes\"", "stream", value},
          {",\"stream_options\":{}", "stream_options", value},
          {",\"stream\":true,\"stream_options\":5", "stream_options", value},
          {
            ",\"stream\":true,\"stream_options\":{\"x\":1}", "stream_options.x", "unknown_parameter"
          },
          {",\"model\":5", "model", value},
          {",\"user\":5", "user", value},
          {",\"logit_bias\":{\"5\":1}", "logit_bias", "unsupported_parameter"},
          {",\"surprise\":1", "surprise", "unknown_parameter"},
        }) {
      table.add(Arguments.of(CHAT, chat(row[0]), row[1], row[2]));
      table.add(Arguments.of(COMPLETIONS, completion(row[0]), row[1], row[2]));
    }
    for (String[] row :
        new String[][] {
          {chat(",\"tools\":[{}]"), "tools", "unsupported_parameter"},
          {chat(",\"tool_choice\":\"required\""), "tool_choice", "unsupported_parameter"},
          {chat(",\"functions\":[{}]"), "functions", "unsupported_parameter"},
          {
            chat(",\"response_format\":{\"type\":\"json_object\"}"),
            "response_format",
            "unsupported_parameter"
          },
          {chat(",\"modalities\":[\"audio\"]"), "modalities", "unsupported_parameter"},
          {chat(",\"audio\":{}"), "audio", "unsupported_parameter"},
          {chat(",\"prediction\":{}"), "prediction", "unsupported_parameter"},
          {chat(",\"reasoning_effort\":\"low\""), "reasoning_effort", "unsupported_parameter"},
          {chat(",\"web_search_options\":{}"), "web_search_options", "unsupported_parameter"},
          {chat(",\"store\":true"), "store", "unsupported_parameter"},
          {chat(",\"logprobs\":3"), "logprobs", value},
          {chat(",\"top_logprobs\":3"), "top_logprobs", value},
          {chat(",\"logprobs\":true,\"top_logprobs\":21"), "top_logprobs", value},
          {chat(",\"max_tokens\":5,\"max_completion_tokens\":6"), "max_tokens", value},
          {
            chat(",\"max_completion_tokens\":512"),
            "max_completion_tokens",
            "context_length_exceeded"
          },
          {"{}", "messages", value},
          {"{\"messages\":null}", "messages", value},
          {"{\"messages\":[]}", "messages", value},
          {"{\"messages\":{}}", "messages", value},
          {"{\"messages\":[5]}", "messages[0]", value},
          {message("{\"role\":\"user\"}"), "messages[0].content", value},
          {message("{\"role\":\"user\",\"content\":null}"), "messages[0].content", value},
          {message("{\"role\":\"user\",\"content\":5}"), "messages[0].content", value},
          {message("{\"role\":\"king\",\"content\":\"x\"}"), "messages[0].role", value},
          {message("{\"content\":\"x\"}"), "messages[0].role", value},
          {
            message("{\"role\":\"tool\",\"content\":\"x\"}"),
            "messages[0].role",
            "unsupported_parameter"
          },
          {
            message("{\"role\":\"user\",\"content\":\"x\",\"name\":\"y\"}"),
            "messages[0].name",
            "unsupported_parameter"
          },
          {
            message("{\"role\":\"user\",\"content\":\"x\",\"mood\":\"y\"}"),
            "messages[0].mood",
            "unknown_parameter"
          },
          {message("{\"role\":\"user\",\"content\":\"\\ud800\"}"), "messages[0].content", value},
          {
            message("{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{}}]}"),
            "messages[0].content[0].type",
            "unsupported_parameter"
          },
          {
            message("{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}"),
            "messages[0].content[0].text",
            value
          },
          {
            message("{\"role\":\"user\",\"content\":\"" + "x".repeat(600) + "\"}"),
            "messages",
            "context_length_exceeded"
          },
          {"[]", "body", value},
          {"5", "body", value},
        }) {
      table.add(Arguments.of(CHAT, row[0], row[1], row[2]));
    }
    for (String[] row :
        new String[][] {
          {"{}", "prompt", value},
          {"{\"prompt\":null}", "prompt", value},
          {"{\"prompt\":5}", "prompt", value},
          {"{\"prompt\":[]}", "prompt", value},
          {"{\"prompt\":[[]]}", "prompt", value},
          {"{\"prompt\":[true]}", "prompt[0]", value},
          {"{\"prompt\":[5,\"x\"]}", "prompt[1]", value},
          {"{\"prompt\":[\"x\",5]}", "prompt[1]", value},
          {"{\"prompt\":[300]}", "prompt[0]", value},
          {"{\"prompt\":[1.5]}", "prompt[0]", value},
          {"{\"prompt\":[" + "\"x\",".repeat(128) + "\"x\"]}", "prompt", value},
          {"{\"prompt\":[" + "1,".repeat(511) + "1]}", "prompt", "context_length_exceeded"},
          {completion(",\"echo\":true"), "echo", "unsupported_parameter"},
          {completion(",\"suffix\":\"x\""), "suffix", "unsupported_parameter"},
          {completion(",\"best_of\":2"), "best_of", "unsupported_parameter"},
          {completion(",\"logprobs\":true"), "logprobs", value},
          {completion(",\"logprobs\":21"), "logprobs", value},
          {completion(",\"tools\":[]"), "tools", "unknown_parameter"},
        }) {
      table.add(Arguments.of(COMPLETIONS, row[0], row[1], row[2]));
    }
    return table.stream();
  }

  @ParameterizedTest(name = "{2}: {1}")
  @MethodSource("badFields")
  void badFieldIsNamedAsTheClientWroteIt(String path, String json, String param, String code)
      throws Exception {
    RawHttp.Response response = door.post(path, json);
    assertThat(response.status()).as(response.body()).isEqualTo(400);
    JsonNode error = error(response);
    assertThat(error.get("type").stringValue()).isEqualTo("invalid_request_error");
    assertThat(error.get("param").stringValue()).isEqualTo(param);
    assertThat(error.get("code").stringValue()).isEqualTo(code);
    assertThat(error.get("message").stringValue()).startsWith(param + ":");
    assertThat(door.house.decode.calls()).isZero();
  }

  @Test
  void unknownModelIsNotFoundAndTheKnownOnesAreNamed() throws Exception {
    RawHttp.Response response = door.post(CHAT, chat(",\"model\":\"gpt-9\""));
    assertThat(response.status()).isEqualTo(404);
    JsonNode error = error(response);
    assertThat(error.get("code").stringValue()).isEqualTo("model_not_found");
    assertThat(error.get("param").stringValue()).isEqualTo("model");
    assertThat(error.get("message").stringValue()).contains("gpt-9").contains(TestModel.NAME);
  }
}
