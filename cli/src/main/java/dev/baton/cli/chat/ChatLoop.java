package dev.baton.cli.chat;

import dev.baton.client.BatonException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ExitCode;

/** Reads questions line by line, and has them answered. */
final class ChatLoop {
  private final ChatSession session;
  private final BufferedReader questions;
  private final PrintStream out;
  private final boolean interactive;

  /** Someone who types is prompted, and may try again after an error; a pipe is not. */
  ChatLoop(ChatSession session, BufferedReader questions, PrintStream out, boolean interactive) {
    this.session = session;
    this.questions = questions;
    this.out = out;
    this.interactive = interactive;
  }

  /** Until the input ends or says /quit; the exit code. */
  int run() throws IOException {
    if (interactive) {
      out.println("/reset forgets what was said, /quit ends, Ctrl-C cancels an answer");
    }
    for (String line = read(); line != null; line = read()) {
      switch (line.strip()) {
        case "" -> {}
        case "/quit" -> {
          return ExitCode.OK;
        }
        case "/reset" -> session.reset();
        default -> ask(line);
      }
    }
    return ExitCode.OK;
  }

  private @Nullable String read() throws IOException {
    if (interactive) {
      out.print("> ");
      out.flush();
    }
    return questions.readLine();
  }

  private void ask(String question) {
    try {
      session.ask(question);
    } catch (BatonException failed) {
      if (!interactive) {
        throw failed;
      }
      out.println("error: " + failed.getMessage());
    }
  }
}
