package dev.baton.harness.chaos;

import dev.baton.harness.chaos.Heard.Choice;
import dev.baton.harness.chaos.Heard.Ending;
import dev.baton.harness.load.RequestFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Listens to one stream and writes down what comes, when. What comes after its end is not heard.
 * Thread-safe.
 */
public final class Ear {
  private static final class Growing {
    private final List<String> tokens = new ArrayList<>();
    private final StringBuilder text = new StringBuilder();
    private @Nullable String finish;
  }

  private final LongSupplier clock;
  private final OptionalInt leavesAfter;
  private final List<Growing> choices;
  private final List<Long> times = new ArrayList<>();
  private final long begin;
  private OptionalInt promptTokens = OptionalInt.empty();
  private OptionalInt completionTokens = OptionalInt.empty();
  private long end;
  private @Nullable Ending ending;
  private @Nullable RequestFailure failure;

  /**
   * Begins to listen.
   *
   * @param clock nanoseconds
   */
  public Ear(ChaosRequest request, LongSupplier clock) {
    this.clock = clock;
    this.leavesAfter = request.leavesAfter();
    this.choices = IntStream.range(0, request.choices()).mapToObj(_ -> new Growing()).toList();
    this.begin = clock.getAsLong();
  }

  /**
   * More of a choice.
   *
   * @return whether the client wants to hear more; if not, its door has to hang up
   */
  public synchronized boolean more(int choice, List<String> tokens, String text) {
    if (ending == null && choice < choices.size()) {
      times.add(clock.getAsLong());
      choices.get(choice).tokens.addAll(tokens);
      choices.get(choice).text.append(text);
      int heard = choices.stream().mapToInt(each -> each.tokens.size()).sum();
      if (leavesAfter.isPresent() && heard >= leavesAfter.getAsInt()) {
        end(Ending.LEFT);
      }
    } else if (ending == null) {
      failed(new RequestFailure("malformed", "choice " + choice + " was not asked for"));
    }
    return ending == null;
  }

  /** A choice is over; it may be over once. */
  public synchronized void finished(int choice, String reason) {
    if (choice < choices.size()) {
      Growing growing = choices.get(choice);
      growing.finish = growing.finish == null ? reason : growing.finish + " and " + reason;
    }
  }

  /** The stream's own account. */
  public synchronized void usage(OptionalInt prompt, OptionalInt completion) {
    promptTokens = prompt;
    completionTokens = completion;
  }

  /** All is said. */
  public synchronized void completed() {
    end(Ending.COMPLETED);
  }

  /** There will be no more, and the stream said why. */
  public synchronized void failed(RequestFailure why) {
    if (ending == null) {
      failure = why;
      end(Ending.FAILED);
    }
  }

  /** The client lost patience. */
  public synchronized void gaveUp() {
    end(Ending.HUNG);
  }

  private synchronized void end(Ending how) {
    if (ending == null) {
      ending = how;
      end = clock.getAsLong();
    }
  }

  /** What was heard, once it is over; a stream whose door said nothing of its end hung. */
  public synchronized Heard heard() {
    gaveUp();
    return new Heard(
        choices.stream()
            .map(each ->
                new Choice(each.tokens, each.text.toString(), Optional.ofNullable(each.finish)))
            .toList(),
        promptTokens,
        completionTokens,
        begin,
        end,
        times,
        ending == null ? Ending.HUNG : ending,
        Optional.ofNullable(failure));
  }
}
