package dev.baton.model.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import dev.baton.model.ModelFiles;
import dev.baton.model.text.ChatTemplate.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  private static final List<Message> HELLO = List.of(new Message("user", "Hello"));

  @TempDir Path scratch;

  @Test
  void modelWithoutTemplateRefusesChatWithATypedError() {
    ModelDirectory model = ModelDirectory.open(ModelFiles.tiny(scratch));
    ModelFiles.edit(model.path(), "tokenizer_config.json", each -> each.remove("chat_template"));
    ChatTemplate template = ChatTemplate.open(model);
    assertThat(template.isPresent()).isFalse();
    assertThatThrownBy(() -> template.render(HELLO))
        .isInstanceOfSatisfying(
            ChatTemplateException.class,
            e -> assertThat(e.code()).isEqualTo(ChatTemplateException.Code.NO_TEMPLATE))
        .hasMessageContaining(model.name());
  }

  @Test
  void refusalCarriesTheTemplatesOwnWords() throws IOException {
    assertThatThrownBy(() -> of("{{ raise_exception('Only ' ~ 2 ~ ' wizards') }}").render(HELLO))
        .isInstanceOfSatisfying(
            ChatTemplateException.class,
            e -> assertThat(e.code()).isEqualTo(ChatTemplateException.Code.REFUSED))
        .hasMessage("Only 2 wizards");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{% if %}",
        "{% for m in messages %}",
        "{{ messages[ }}",
        "{{ 'a' 'b' }}",
        "{% for m in messages %}a{% else %}b{% endfor %}",
        "{{ messages[0].content.nonsense() }}",
        "{{ strftime_now('%Q') }}",
        "{% nonsense %}",
        "{{ nonsense(1) }}",
        "{{ messages | nonsense }}",
        "{% if messages is nonsense %}{% endif %}",
        "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}",
      })
  void templateThatCannotBeRenderedIsTheModelsFault(String source) {
    assertThatThrownBy(() -> of(source).render(HELLO))
        .isInstanceOfSatisfying(
            ModelException.class, e -> assertThat(e.code()).isEqualTo(Code.TEXT))
        .hasMessageContaining("chat_template.jinja");
  }

  @Test
  void whatClientsSendIsNeverTemplateCode() throws IOException {
    String attack = "{{ 7 * 7 }}{% for i in range(9) %}x{% endfor %}{# c #}{{ messages }}";
    ChatTemplate template =
        of("{% for m in messages %}{{ m.role }}{% set c = m.content %}{{ c | trim }}{% endfor %}");
    assertThat(template.render(List.of(new Message(attack, attack)))).isEqualTo(attack + attack);
  }

  @Test
  void listOfNamedTemplatesMeansTheDefault() {
    ModelDirectory model = ModelDirectory.open(ModelFiles.tiny(scratch));
    ModelFiles.edit(
        model.path(),
        "tokenizer_config.json",
        each -> {
          var list = each.putArray("chat_template");
          list.addObject().put("name", "tool_use").put("template", "tools");
          list.addObject().put("name", "default").put("template", "plain {{ eos_token }}");
        });
    assertThat(ChatTemplate.open(model).render(HELLO)).isEqualTo("plain <|eot_id|>");
    ModelFiles.edit(
        model.path(),
        "tokenizer_config.json",
        each -> each.putArray("chat_template").addObject().put("name", "x").put("template", "x"));
    assertThatThrownBy(() -> ChatTemplate.open(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("chat_template")
        .hasMessageContaining("default");
    ModelFiles.edit(model.path(), "tokenizer_config.json", each -> each.put("chat_template", 7));
    assertThatThrownBy(() -> ChatTemplate.open(model))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("tokenizer_config.json")
        .hasMessageContaining("chat_template");
  }

  @Test
  void manyThreadsRenderAtOnce() throws Exception {
    ChatTemplate template = of("{% for m in messages %}{{ m.content }};{% endfor %}");
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> tasks =
          java.util.stream.IntStream.range(0, 200)
              .mapToObj(i ->
                  (Callable<Boolean>)
                      () ->
                          template
                              .render(List.of(new Message("user", "a" + i), new Message("x", "b")))
                              .equals("a" + i + ";b;"))
              .toList();
      for (var each : threads.invokeAll(tasks)) {
        assertThat(each.get()).isTrue();
      }
    }
  }

  private ChatTemplate of(String source) throws IOException {
    Path directory = ModelFiles.tiny(scratch);
    Files.writeString(directory.resolve("chat_template.jinja"), source);
    return ChatTemplate.open(ModelDirectory.open(directory));
  }
}
