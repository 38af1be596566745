package dev.baton.model.text;

import dev.baton.model.ModelDirectory;
import java.util.List;

/** A model's chat template: turns a conversation into the prompt that the model was trained on. */
public final class ChatTemplate {
  private ChatTemplate() {}

  /**
   * One message of a conversation.
   *
   * @param role {@code system}, {@code user}, {@code assistant} or whatever else the template knows
   * @param content its text
   */
  public record Message(String role, String content) {}

  /**
   * Reads the template of {@code tokenizer_config.json} or {@code chat_template.jinja}.
   *
   * @throws dev.baton.model.ModelException if a file is wrong or the template has no valid syntax
   */
  public static ChatTemplate open(ModelDirectory directory) {
    throw new UnsupportedOperationException(directory.toString());
  }

  /**
   * The prompt, ending where the assistant's answer begins. It holds its special tokens by name:
   * encode it without adding any.
   *
   * @throws ChatTemplateException if the model has no template or the template refuses the messages
   */
  public String render(List<Message> messages) {
    throw new UnsupportedOperationException(messages.toString());
  }
}
