package dev.baton.router.generation;

import dev.baton.model.text.TextStream;
import dev.baton.model.text.Tokenizer;
import dev.baton.proto.v1.Delta;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.Finished;
import dev.baton.proto.v1.SampledToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One choice of a request on its way from tokens to text. A stop string ends it before the worker
 * does; what comes after its end is dropped. Not safe for use by many threads.
 */
final class Answer {
  private final int choice;
  private final TextStream text;
  private final Set<Integer> stopTokens;
  private final int maxTokens;
  private final List<Integer> ids = new ArrayList<>();
  private boolean ended;
  private boolean hasText;

  /**
   * An answer of which nothing is written.
   *
   * @param maxTokens most tokens that it may have
   */
  Answer(
      int choice,
      Tokenizer tokenizer,
      List<String> stopStrings,
      Set<Integer> stopTokens,
      int maxTokens) {
    this.choice = choice;
    this.maxTokens = maxTokens;
    this.text = new TextStream(tokenizer, stopStrings);
    this.stopTokens = stopTokens;
  }

  /** Tokens so far, the one that completed a stop string included and none after it. */
  int tokens() {
    return ids.size();
  }

  /** Its number. */
  int choice() {
    return choice;
  }

  /** The tokens so far. */
  int[] ids() {
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Whether nothing more will come. */
  boolean ended() {
    return ended;
  }

  /** Whether any text was delivered. */
  boolean hasText() {
    return hasText;
  }

  /** Takes new tokens; {@code to} hears at most one delta, and the end if a stop string matched. */
  void push(List<SampledToken> sampled, GenerationListener to) {
    if (ended || sampled.isEmpty()) {
      return;
    }
    Delta.Builder delta = Delta.newBuilder().setChoice(choice);
    StringBuilder certain = new StringBuilder();
    for (SampledToken each : sampled) {
      delta.addTokens(each);
      certain.append(take(each.getId()));
      if (text.stoppedBy().isPresent()) {
        break;
      }
    }
    hasText |= !certain.isEmpty();
    to.delta(delta.setText(certain.toString()).build());
    text.stoppedBy()
        .ifPresent(stop -> {
          ended = true;
          to.finished(end(FinishReason.FINISH_REASON_STOP).setStop(stop).build());
        });
  }

  private String take(int id) {
    ids.add(id);
    return stopTokens.contains(id) ? "" : text.push(id);
  }

  /** Takes tokens that the client has already; nobody hears of them. */
  void resume(int[] begun) {
    for (int i = 0; i < begun.length && text.stoppedBy().isEmpty(); i++) {
      String _ = take(begun[i]);
    }
  }

  /** Whether nothing is left to write, by the workers' own rules: perhaps nobody said so yet. */
  boolean isWhole() {
    return ended || text.stoppedBy().isPresent() || endedByLastToken().isPresent();
  }

  /** Ends it if nothing is left to write: what a worker would have said next that was lost. */
  void finishIfWhole(GenerationListener to) {
    if (isWhole()) {
      finish(endedByLastToken().orElse(FinishReason.FINISH_REASON_STOP), to);
    }
  }

  private Optional<FinishReason> endedByLastToken() {
    if (ids.isEmpty()) {
      return Optional.empty();
    }
    if (stopTokens.contains(ids.getLast())) {
      return Optional.of(FinishReason.FINISH_REASON_STOP);
    }
    return ids.size() >= maxTokens
        ? Optional.of(FinishReason.FINISH_REASON_LENGTH)
        : Optional.empty();
  }

  /** The worker ended the choice; {@code to} hears the text that was held back, then the end. */
  void finish(FinishReason reason, GenerationListener to) {
    if (ended) {
      return;
    }
    ended = true;
    String held = text.finish();
    if (!held.isEmpty()) {
      hasText = true;
      to.delta(Delta.newBuilder().setChoice(choice).setText(held).build());
    }
    // Even the last text, an unfinished character's replacement, may complete a stop string.
    Finished.Builder end =
        text.stoppedBy()
            .map(stop -> end(FinishReason.FINISH_REASON_STOP).setStop(stop))
            .orElseGet(() -> end(reason));
    to.finished(end.build());
  }

  private Finished.Builder end(FinishReason reason) {
    return Finished.newBuilder().setChoice(choice).setReason(reason);
  }
}
