package dev.baton.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.json.Json;
import dev.baton.model.text.ChatTemplate.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Compares with Python's jinja2: see src/test/python/chat_template_goldens.py. */
class ChatTemplateGoldenTest {
  private static final Path CHAT = Path.of("src/test/resources/chat");
  private static final Clock NOW =
      Clock.fixed(Instant.parse("2025-03-07T09:05:02Z"), ZoneOffset.UTC);

  @TempDir Path scratch;

  @TestFactory
  Stream<DynamicTest> rendersAsPythonDoes() throws IOException {
    JsonNode goldens = Json.MAPPER.readTree(Files.readString(CHAT.resolve("goldens.json")));
    assertThat(goldens).hasSizeGreaterThan(100);
    return StreamSupport.stream(goldens.spliterator(), false)
        .map(golden ->
            DynamicTest.dynamicTest(
                golden.path("template").asString() + ", " + golden.path("conversation").asString(),
                () -> compare(golden)));
  }

  private void compare(JsonNode golden) throws IOException {
    Path directory = Files.createTempDirectory(scratch, "model");
    Files.copy(
        CHAT.resolve(golden.path("template").asString()), directory.resolve("chat_template.jinja"));
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\", \"lstrip\": false}}");
    List<Message> messages = new ArrayList<>();
    for (JsonNode each : golden.path("messages")) {
      messages.add(new Message(each.path("role").asString(), each.path("content").asString()));
    }
    ChatTemplate template = ChatTemplate.open(directory, NOW);
    if (golden.has("text")) {
      assertThat(template.render(messages)).isEqualTo(golden.path("text").asString());
    } else {
      assertThatThrownBy(() -> template.render(messages))
          .isInstanceOf(ChatTemplateException.class)
          .hasMessage(golden.path("refusal").asString());
    }
  }
}
