package dev.baton.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Puts an {@link Answer} together from its events, which must come in order. For one thread. */
final class AnswerAssembly {
  private final List<Part> parts = new ArrayList<>();
  private AnswerEvent.@Nullable Accepted accepted;
  private AnswerEvent.@Nullable Completed completed;

  AnswerAssembly(int choices) {
    for (int i = 0; i < choices; i++) {
      parts.add(new Part());
    }
  }

  void add(AnswerEvent event) {
    switch (event) {
      case AnswerEvent.Accepted first -> accepted = first;
      case AnswerEvent.Delta delta -> {
        Part part = parts.get(delta.choice());
        part.text.append(delta.text());
        part.tokens.addAll(delta.tokens());
      }
      case AnswerEvent.Finished end -> parts.get(end.choice()).end = end;
      case AnswerEvent.Completed last -> completed = last;
    }
  }

  /** The answer, once the last event was added. */
  Answer answer() {
    if (accepted == null || completed == null) {
      throw new IllegalStateException("the answer is not complete");
    }
    return new Answer(
        accepted.requestId(),
        accepted.model(),
        accepted.seed(),
        parts.stream().map(Part::choice).toList(),
        completed.usage(),
        completed.route());
  }

  private static final class Part {
    private final StringBuilder text = new StringBuilder();
    private final List<Token> tokens = new ArrayList<>();
    private AnswerEvent.@Nullable Finished end;

    Answer.Choice choice() {
      FinishReason reason = end == null ? FinishReason.STOP : end.reason();
      Optional<String> stop = end == null ? Optional.empty() : end.stop();
      return new Answer.Choice(text.toString(), tokens, reason, stop);
    }
  }
}
