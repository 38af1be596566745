package dev.baton.router.openai;

import dev.baton.cluster.error.BatonException;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Collects all answers and gives them in one piece. */
final class WholeAnswer {
  private final AnswerWriter writer;
  private final List<Choice> choices;

  WholeAnswer(AnswerWriter writer) {
    this.writer = writer;
    this.choices = IntStream.range(0, writer.size()).mapToObj(_ -> new Choice()).toList();
  }

  /**
   * Waits for every answer.
   *
   * @param error what to throw when there is none
   */
  ObjectNode collect(Answers answers, Function<BatonException, ApiException> error)
      throws InterruptedException {
    while (!writer.isComplete()) {
      switch (answers.next()) {
        case AnswerEvent.Started started -> writer.started(started.prompt(), started.accepted());
        case AnswerEvent.More more -> {
          Choice choice = choices.get(writer.index(more.prompt(), more.delta().getChoice()));
          choice.text.append(more.delta().getText());
          choice.tokens.addAll(more.delta().getTokensList());
        }
        case AnswerEvent.Ended ended ->
            choices.get(writer.index(ended.prompt(), ended.finished().getChoice())).reason =
                ended.finished().getReason();
        case AnswerEvent.Completed completed ->
            writer.completed(completed.prompt(), completed.usage());
        case AnswerEvent.Failed failed -> throw error.apply(failed.why());
      }
    }
    AnswerFormat format = writer.format();
    ObjectNode json = writer.envelope(format.wholeObject());
    ArrayNode all = json.putArray("choices");
    for (int i = 0; i < choices.size(); i++) {
      Choice choice = choices.get(i);
      all.add(format.whole(i, choice.text.toString(), choice.tokens, choice.reason));
    }
    writer.putAccount(json);
    return json;
  }

  private static final class Choice {
    final StringBuilder text = new StringBuilder();
    final List<SampledToken> tokens = new ArrayList<>();
    FinishReason reason = FinishReason.FINISH_REASON_UNSPECIFIED;
  }
}
