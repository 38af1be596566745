package dev.baton.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.baton.client.Answer;
import dev.baton.client.AnswerEvent;
import dev.baton.client.AnswerStream;
import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.ErrorCode;
import dev.baton.client.GenerationRequest;
import dev.baton.client.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The Java SDK against a real cluster, with the example of the README. */
class JavaClientIT {
  private final String target = "127.0.0.1:" + SystemCluster.shared().grpcPort();

  @Test
  void exampleOfTheReadmeStreamsAnAnswer() {
    StringBuilder out = new StringBuilder();
    Answer whole;
    // README begins
    try (BatonClient baton = BatonClient.connect(target)) {
      var request = GenerationRequest.chat(Message.user("What is a baton?")).maxTokens(40).build();
      try (AnswerStream stream = baton.stream(request)) {
        while (stream.hasNext()) {
          if (stream.next() instanceof AnswerEvent.Delta delta) {
            out.append(delta.text());
          }
        }
        whole = stream.answer();
      }
    }
    // README ends

    assertThat(whole.text()).isEqualTo(out.toString()).isNotEmpty();
    assertThat(whole.usage().completionTokens()).isBetween(1, 40);
  }

  @Test
  void exampleOfTheReadmeIsTheOneThatRunsHere() throws IOException {
    List<String> example = code(BatonProcess.root().resolve("README.md"), "```java", "```");
    List<String> here =
        code(
            BatonProcess.root().resolve("cli/src/test/java/dev/baton/system/JavaClientIT.java"),
            "// README begins",
            "// README ends");

    assertThat(example)
        .map(line -> line.replace("\"127.0.0.1:7070\"", "target"))
        .map(line -> line.replace("System.out.print(", "out.append("))
        .map(line -> line.replace("Answer whole = stream", "whole = stream"))
        .isEqualTo(here);
  }

  @Test
  void errorNamesFieldAndValue() {
    try (BatonClient baton = BatonClient.connect(target)) {
      BatonException error =
          catchThrowableOfType(
              BatonException.class,
              () -> baton.generate(GenerationRequest.tokens(List.of(1, 99_999_999)).build()));

      assertThat(error.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT);
      assertThat(error.getMessage()).contains("99999999");
    }
  }

  private static List<String> code(Path file, String begin, String end) throws IOException {
    List<String> lines = Files.readAllLines(file).stream().map(String::strip).toList();
    int from = lines.indexOf(begin);
    int to = from + 1 + lines.subList(from + 1, lines.size()).indexOf(end);
    assertThat(from).as("'%s' in %s", begin, file).isNotNegative();
    return lines.subList(from + 1, to);
  }
}
