package dev.baton.model.text;

import dev.baton.model.ModelDirectory;
import dev.baton.model.ModelException;
import dev.baton.model.ModelException.Code;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A model's chat template: turns a conversation into the prompt that the model was trained on.
 * Rendered as Hugging Face's {@code apply_chat_template} does. Safe for use by many threads.
 */
public final class ChatTemplate {
  private final Path directory;
  private final Optional<Loaded> loaded;

  private ChatTemplate(Path directory, Optional<Loaded> loaded) {
    this.directory = directory;
    this.loaded = loaded;
  }

  private record Loaded(ChatTemplateFile file, Jinja jinja) {
    String render(List<Message> messages) throws Jinja.Refusal, Jinja.Fault {
      List<Map<String, Object>> conversation = new ArrayList<>();
      for (Message each : messages) {
        Map<String, Object> message = new LinkedHashMap<>();
        message.put("role", each.role());
        message.put("content", each.content());
        conversation.add(message);
      }
      Map<String, Object> variables = new HashMap<>(file.specialTokens());
      variables.put("messages", conversation);
      variables.put("add_generation_prompt", true);
      return jinja.render(variables);
    }
  }

  /**
   * One message of a conversation.
   *
   * @param role {@code system}, {@code user}, {@code assistant} or whatever else the template knows
   * @param content its text
   */
  public record Message(String role, String content) {
    /** Checks that both are there. */
    public Message {
      Objects.requireNonNull(role, "role");
      Objects.requireNonNull(content, "content");
    }
  }

  /**
   * Reads the template of {@code chat_template.jinja} or {@code tokenizer_config.json} and tries it
   * on one message. A model without a template opens, too; see {@link #isPresent}.
   *
   * @throws ModelException if a file is wrong or the template cannot be rendered
   */
  public static ChatTemplate open(ModelDirectory directory) {
    return open(directory.path(), Clock.system(ZoneId.systemDefault()));
  }

  static ChatTemplate open(Path directory, Clock clock) {
    ChatTemplate template =
        new ChatTemplate(
            directory,
            ChatTemplateFile.read(directory)
                .map(file -> new Loaded(file, new Jinja(file.source(), clock))));
    if (template.isPresent()) {
      try {
        var _ = template.render(List.of(new Message("user", "Hello")));
      } catch (ChatTemplateException e) {
        // A template may refuse this conversation and still be a good one.
      }
    }
    return template;
  }

  /** Whether the model has a template. */
  public boolean isPresent() {
    return loaded.isPresent();
  }

  /**
   * The prompt, ending where the assistant's answer begins. It holds its special tokens by name:
   * encode it without adding any.
   *
   * @throws ChatTemplateException if the model has no template or the template refuses the messages
   * @throws ModelException if the template itself fails
   */
  public String render(List<Message> messages) {
    Loaded template =
        loaded.orElseThrow(() ->
            new ChatTemplateException(
                ChatTemplateException.Code.NO_TEMPLATE,
                "the model "
                    + directory.getFileName()
                    + " has no chat template: use text completion"));
    try {
      return template.render(messages);
    } catch (Jinja.Refusal e) {
      throw new ChatTemplateException(ChatTemplateException.Code.REFUSED, e.words());
    } catch (Jinja.Fault e) {
      throw new ModelException(
          Code.TEXT,
          template.file().file(),
          "the chat template cannot be rendered: " + e.getMessage(),
          e);
    }
  }
}
