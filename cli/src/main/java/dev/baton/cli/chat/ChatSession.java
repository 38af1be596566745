package dev.baton.cli.chat;

import dev.baton.cli.shell.PrintableText;
import dev.baton.client.AnswerEvent;
import dev.baton.client.AnswerStream;
import dev.baton.client.BatonClient;
import dev.baton.client.BatonException;
import dev.baton.client.Message;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was said so far, and the answer that is being written. One thread talks; any thread may
 * cancel.
 */
final class ChatSession {
  private final BatonClient client;
  private final ChatSettings settings;
  private final PrintStream out;
  private final List<Message> messages = new ArrayList<>();
  private @Nullable AnswerStream running;
  private boolean cancelled;

  ChatSession(BatonClient client, ChatSettings settings, PrintStream out) {
    this.client = client;
    this.settings = settings;
    this.out = out;
  }

  /** Forgets the conversation. */
  void reset() {
    messages.clear();
  }

  /**
   * Asks, and prints the answer as it comes. A cancelled answer is kept as far as it came; a failed
   * one takes its question with it, so that the next question does not repeat it.
   *
   * @throws BatonException when the answer fails
   */
  void ask(String question) {
    messages.add(Message.user(question));
    StringBuilder answer = new StringBuilder();
    try (AnswerStream stream = open()) {
      while (stream.hasNext()) {
        if (stream.next() instanceof AnswerEvent.Delta delta) {
          answer.append(delta.text());
          out.print(PrintableText.of(delta.text()));
          out.flush();
        }
      }
    } catch (BatonException failed) {
      if (!wasCancelled()) {
        messages.removeLast();
        throw failed;
      }
    } finally {
      ended();
      out.println();
    }
    messages.add(Message.assistant(answer.toString()));
  }

  private synchronized AnswerStream open() {
    cancelled = false;
    AnswerStream stream = client.stream(settings.request(messages));
    running = stream;
    return stream;
  }

  private synchronized void ended() {
    running = null;
  }

  private synchronized boolean wasCancelled() {
    return cancelled;
  }

  /** Cancels the answer that is being written; false when none is. */
  synchronized boolean cancelAnswer() {
    if (running == null) {
      return false;
    }
    cancelled = true;
    running.close();
    return true;
  }
}
