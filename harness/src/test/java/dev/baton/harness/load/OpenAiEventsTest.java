package dev.baton.harness.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import org.junit.jupiter.api.Test;

class OpenAiEventsTest {
  private final Heard heard = new Heard();
  private final OpenAiEvents events = new OpenAiEvents(heard);

  private static String chat(String delta, String finish) {
    return "{\"choices\":[{\"index\":0,\"delta\":" + delta + ",\"finish_reason\":" + finish + "}]}";
  }

  @Test
  void aChatIsItsTextsItsEndAndItsAccount() {
    events.event(chat("{\"role\":\"assistant\",\"content\":\"\"}", "null"));
    events.event(chat("{\"content\":\"a\"}", "null"));
    events.event(chat("{\"content\":\"b\"}", "null"));
    events.event(chat("{}", "\"length\""));
    events.event(
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,"
            + "\"prompt_tokens_details\":{\"cached_tokens\":4}},"
            + "\"baton\":{\"prefill_worker\":\"p\",\"queue_ms\":1.5,\"prefill_ms\":2}}");
    events.event("[DONE]");
    events.end();

    assertThat(heard.signals())
        .containsExactly(
            "more 1 with text", "more 1 with text", "finished", "account", "completed");
    assertThat(heard.account().promptTokens()).hasValue(9);
    assertThat(heard.account().cachedTokens()).hasValue(4);
    assertThat(heard.account().completionTokens()).hasValue(2);
    assertThat(heard.account().measures())
        .containsExactly(entry("queue_ms", 1.5), entry("prefill_ms", 2.0));
  }

  @Test
  void aCompletionIsTheSameWithOtherWords() {
    events.event(
        "{\"choices\":[{\"index\":0,\"text\":\"a\",\"finish_reason\":null}],\"usage\":null}");
    events.event("{\"choices\":[{\"index\":0,\"text\":\"b\",\"finish_reason\":\"stop\"}]}");
    events.event("[DONE]");
    events.end();

    assertThat(heard.signals())
        .containsExactly("more 1 with text", "more 1 with text", "finished", "completed");
  }

  @Test
  void figuresThatTheServerDoesNotReportAreAbsentAndNotZero() {
    events.event("{\"choices\":[],\"usage\":{\"prompt_tokens\":9}}");

    assertThat(heard.account().cachedTokens()).isEmpty();
    assertThat(heard.account().completionTokens()).isEmpty();
    assertThat(heard.account().measures()).isEmpty();
  }

  @Test
  void anErrorEventFailsTheRequestByItsCode() {
    events.event(chat("{\"content\":\"a\"}", "null"));
    events.event(
        "{\"error\":{\"message\":\"gone\",\"type\":\"server_error\",\"code\":\"stalled\"}}");
    events.event(chat("{\"content\":\"b\"}", "null"));
    events.end();

    assertThat(heard.signals()).containsExactly("more 1 with text", "failed stream:stalled");
  }

  @Test
  void aStreamWithoutItsEndIsNoAnswer() {
    events.event(chat("{\"content\":\"a\"}", "\"stop\""));
    events.end();

    assertThat(heard.signals()).endsWith("failed incomplete");
  }

  @Test
  void anEventThatIsNoJsonFailsTheRequest() {
    events.event("<html>");

    assertThat(heard.signals()).containsExactly("failed malformed");
  }
}
