package dev.baton.model.text;

/**
 * A conversation cannot become a prompt, for a reason that the client can mend: the template
 * refuses the messages (its own words are the message), or the model has no chat template.
 */
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Whose fault it is. */
  public enum Code {
    /** The model has no chat template: it completes text and does not chat. */
    NO_TEMPLATE,
    /** The template called {@code raise_exception}. */
    REFUSED
  }

  private final Code code;

  /** With a message for the client. */
  public ChatTemplateException(Code code, String message) {
    super(message);
    this.code = code;
  }

  /** Whose fault it is. */
  public Code code() {
    return code;
  }
}
