package dev.baton.router.generation;

import dev.baton.proto.internal.v1.ChoiceFinished;
import dev.baton.proto.internal.v1.DecodedTokens;
import java.util.List;
import java.util.stream.IntStream;

/** All choices of a request, as the client has them. Not safe for use by many threads. */
final class Answers {
  private final SettledRequest request;
  private final List<Answer> all;
  private final GenerationListener listener;

  /** Answers as far as the client has them; {@code listener} hears of what comes. */
  Answers(SettledRequest request, GenerationListener listener) {
    this.request = request;
    this.listener = listener;
    this.all =
        IntStream.range(0, request.choices())
            .mapToObj(choice ->
                new Answer(
                    choice,
                    request.model().tokenizer(),
                    request.stopStrings(),
                    request.stopTokens(),
                    request.maxTokens()))
            .toList();
    all.forEach(answer -> answer.resume(request.begun().get(answer.choice())));
  }

  /**
   * Takes new tokens of one choice.
   *
   * @return how many were delivered: none behind its end
   */
  int push(DecodedTokens tokens) {
    Answer answer = all.get(tokens.getChoice());
    int before = answer.tokens();
    answer.push(tokens.getTokensList(), listener);
    return answer.tokens() - before;
  }

  /** A worker ended a choice. */
  void finish(ChoiceFinished finished) {
    all.get(finished.getChoice()).finish(finished.getReason(), listener);
  }

  /** Ends choices of which nothing is left to write, though nobody is left to say so. */
  void finishWhatIsWhole(Part part) {
    of(part).forEach(answer -> answer.finishIfWhole(listener));
  }

  private List<Answer> of(Part part) {
    return all.subList(part.first(), part.first() + part.count());
  }

  /** What is left to write of a part. */
  List<Part> rest(Part part) {
    return Part.rest(request, of(part));
  }

  /** Whether all choices of a part have ended. */
  boolean ended(Part part) {
    return of(part).stream().allMatch(Answer::ended);
  }

  /** Whether all choices have ended. */
  boolean ended() {
    return all.stream().allMatch(Answer::ended);
  }

  /** Whether any text of a choice was delivered. */
  boolean hasText(int choice) {
    return all.get(choice).hasText();
  }

  /** Tokens of all choices. */
  int tokens() {
    return all.stream().mapToInt(Answer::tokens).sum();
  }

  /** Tokens of the longest choice. */
  int longest() {
    return all.stream().mapToInt(Answer::tokens).max().orElse(0);
  }
}
