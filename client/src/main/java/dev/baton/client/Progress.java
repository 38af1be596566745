package dev.baton.client;

import dev.baton.proto.v1.BegunChoice;
import dev.baton.proto.v1.GenerateRequest;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What has come of an answer, over however many calls: what the next call has to ask for, and which
 * of its events are new. For one thread at a time.
 */
final class Progress {
  private final GenerateRequest asked;
  private final List<List<Integer>> tokens;
  private final BitSet finished = new BitSet();

  /** Choices whose last event was text without a token: only their end can follow. */
  private final BitSet ending = new BitSet();

  private AnswerEvent.@Nullable Accepted accepted;

  /** Of a request of which nothing has come. */
  Progress(GenerationRequest request) {
    this.asked = Wire.request(request);
    this.tokens =
        IntStream.range(0, request.choices())
            .mapToObj(_ -> (List<Integer>) new ArrayList<Integer>())
            .toList();
  }

  /** What to ask for: all of it, or what is left of it. */
  GenerateRequest rest() {
    if (accepted == null) {
      return asked;
    }
    GenerateRequest.Builder rest = asked.toBuilder();
    rest.getSamplingBuilder().setSeed(accepted.seed());
    tokens.forEach(each -> rest.addContinueFrom(BegunChoice.newBuilder().addAllTokenIds(each)));
    return rest.build();
  }

  /** Takes note of an event; false if it came before, in another call. */
  boolean isNew(AnswerEvent event) {
    return switch (event) {
      case AnswerEvent.Accepted first -> {
        boolean isFirst = accepted == null;
        accepted = isFirst ? first : accepted;
        yield isFirst;
      }
      case AnswerEvent.Delta delta -> {
        delta.tokens().forEach(token -> tokens.get(delta.choice()).add(token.id()));
        boolean again = delta.tokens().isEmpty() && ending.get(delta.choice());
        ending.set(delta.choice(), delta.tokens().isEmpty());
        yield !again;
      }
      case AnswerEvent.Finished end -> {
        boolean again = finished.get(end.choice());
        finished.set(end.choice());
        yield !again;
      }
      case AnswerEvent.Completed _ -> true;
    };
  }
}
