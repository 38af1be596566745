package dev.baton.harness.chaos;

import dev.baton.harness.chaos.ChaosRequest.Way;
import dev.baton.harness.chaos.Heard.Choice;
import dev.baton.harness.chaos.Heard.Ending;
import dev.baton.harness.chaos.Member.Role;
import dev.baton.harness.load.RequestFailure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * Says what became of a stream. The rules, in this order:
 *
 * <ol>
 *   <li>Whatever was heard is the undisturbed stream's, in order, nothing twice, nothing left out;
 *       also of a stream that failed, and of one whose client left.
 *   <li>A stream that ends well has all of it, the same ends, and the same account.
 *   <li>A stream that is open when its time and some grace are over hung; so did one that was cut
 *       off by a deadline that was not meant to be short.
 *   <li>A stream may fail when its deadline was meant to be short, and is over or cannot be kept;
 *       when nobody of a role was there; and, asked by plain HTTP, when its own router died or
 *       drained. Nothing else may fail.
 * </ol>
 *
 * <p>Immutable, but for what it is told of downtimes.
 */
public final class Judge {
  private static final Duration GRACE = Duration.ofSeconds(5);
  private static final Duration RECONNECT = Duration.ofSeconds(60);

  private final Downtimes downtimes;

  /** Excuses by these downtimes. */
  public Judge(Downtimes downtimes) {
    this.downtimes = downtimes;
  }

  /**
   * Judges a stream by the undisturbed one.
   *
   * @param router who was asked
   */
  public Judgement judge(ChaosRequest request, Heard reference, Heard heard, int router) {
    for (int i = 0; i < request.choices(); i++) {
      Optional<Judgement> wrong = words(i, reference.choices().get(i), heard.choices().get(i));
      if (wrong.isPresent()) {
        return wrong.get();
      }
    }
    return switch (heard.ending()) {
      case COMPLETED -> completed(request, reference, heard);
      case LEFT -> new Judgement(Outcome.LEFT, "", "");
      case HUNG ->
          new Judgement(Outcome.HUNG, "silent", "still open after " + heard.millis() + " ms");
      case FAILED ->
          failed(
              request,
              heard,
              heard.failure().orElse(new RequestFailure("unknown", "no reason given")),
              router);
    };
  }

  /**
   * Whether a stream found nobody who could take it, so that its client asks elsewhere: no token
   * came, and the router is away, died meanwhile, or died so lately that a client, which waits
   * longer from try to try, may not know yet that it is back.
   */
  public boolean foundNobody(Heard heard, int router) {
    return heard.ending() == Ending.FAILED
        && heard.isSilent()
        && heard.failure().map(Judge::isBreach).orElse(false)
        && (downtimes.routerEnded(router, heard.begin() - RECONNECT.toNanos(), heard.end())
            || downtimes.isDown(new Member(Role.ROUTER, router)));
  }

  /** Whether a plain client, whose router died in the middle, asks again. */
  public static boolean asksAgain(ChaosRequest request, Judgement judgement) {
    return request.way() == Way.HTTP
        && judgement.outcome() == Outcome.FAILED_ALLOWED
        && judgement.reason().equals("router_died");
  }

  private static Optional<Judgement> words(int choice, Choice reference, Choice heard) {
    StreamComparison comparison = StreamComparison.of(reference.tokens(), heard.tokens());
    Optional<Outcome> outcome =
        switch (comparison.verdict()) {
          case SAME, PREFIX -> Optional.empty();
          case DUPLICATED -> Optional.of(Outcome.DUPLICATED);
          case SKIPPED -> Optional.of(Outcome.LOST);
          case DIVERGENT -> Optional.of(Outcome.DIVERGENT);
        };
    if (outcome.isPresent()) {
      return outcome.map(each ->
          new Judgement(
              each,
              "tokens",
              "choice %d at %d: %s, expected %s"
                  .formatted(
                      choice,
                      comparison.at(),
                      from(heard.tokens(), comparison.at()),
                      from(reference.tokens(), comparison.at()))));
    }
    return reference.text().startsWith(heard.text())
        ? Optional.empty()
        : Optional.of(
            new Judgement(
                Outcome.DIVERGENT,
                "text",
                "choice %d: the tokens are right, the text is not: '%s', expected '%s'"
                    .formatted(choice, heard.text(), reference.text())));
  }

  private static List<String> from(List<String> tokens, int at) {
    int start = Math.min(at, tokens.size());
    return tokens.subList(start, Math.min(tokens.size(), start + 6));
  }

  private static Judgement completed(ChaosRequest request, Heard reference, Heard heard) {
    for (int i = 0; i < request.choices(); i++) {
      Choice expected = reference.choices().get(i);
      Choice choice = heard.choices().get(i);
      if (choice.tokens().size() < expected.tokens().size()
          || choice.text().length() < expected.text().length()
          || choice.finish().isEmpty()) {
        return new Judgement(
            Outcome.LOST,
            "end",
            "choice %d ended well with %d tokens, expected %d"
                .formatted(i, choice.tokens().size(), expected.tokens().size()));
      }
      if (!choice.finish().equals(expected.finish())) {
        return new Judgement(
            Outcome.DIVERGENT,
            "finish",
            "choice %d ended by %s, expected %s".formatted(i, choice.finish(), expected.finish()));
      }
    }
    if (!heard.promptTokens().equals(reference.promptTokens())
        || !heard.completionTokens().equals(reference.completionTokens())) {
      return new Judgement(
          Outcome.DIVERGENT,
          "usage",
          "prompt and answer of %s and %s tokens, expected %s and %s"
              .formatted(
                  heard.promptTokens(),
                  heard.completionTokens(),
                  reference.promptTokens(),
                  reference.completionTokens()));
    }
    return new Judgement(Outcome.COMPLETED, "", "");
  }

  private Judgement failed(ChaosRequest request, Heard heard, RequestFailure failure, int router) {
    String code = failure.code();
    String detail = failure.type() + ": " + failure.message();
    if (code.equals("deadline_exceeded")) {
      return late(request, heard, detail);
    }
    if (request.deadline().isPresent()
        && (code.equals("deadline_unreachable") || code.equals("overloaded"))) {
      return new Judgement(Outcome.FAILED_ALLOWED, "deadline_unreachable", detail);
    }
    if (code.equals("no_worker") && roleWasEmpty(heard)) {
      return new Judgement(Outcome.FAILED_ALLOWED, code, detail);
    }
    boolean died = downtimes.routerEnded(router, heard.begin(), heard.end());
    if (died && request.way() == Way.HTTP && isBreach(failure)) {
      return new Judgement(Outcome.FAILED_ALLOWED, "router_died", detail);
    }
    if (code.equals("incomplete")) {
      return new Judgement(Outcome.LOST, "end", detail);
    }
    return new Judgement(Outcome.FAILED_UNEXPECTEDLY, died ? "router_died" : code, detail);
  }

  private static Judgement late(ChaosRequest request, Heard heard, String detail) {
    if (request.deadline().isEmpty()) {
      return new Judgement(
          Outcome.HUNG, "deadline", "not over after " + heard.millis() + " ms: " + detail);
    }
    long limit = request.deadline().get().toMillis();
    // Clocks that started a moment apart: a tenth early is on time.
    if (heard.millis() < limit - limit / 10) {
      return new Judgement(
          Outcome.FAILED_UNEXPECTEDLY,
          "deadline_too_early",
          "after %d of %d ms: %s".formatted(heard.millis(), limit, detail));
    }
    return heard.millis() > limit + GRACE.toMillis()
        ? new Judgement(
            Outcome.HUNG, "deadline", "%d ms, deadline %d".formatted(heard.millis(), limit))
        : new Judgement(Outcome.FAILED_ALLOWED, "deadline_exceeded", detail);
  }

  private boolean roleWasEmpty(Heard heard) {
    return downtimes.roleWasEmpty(Role.PREFILL, heard.begin(), heard.end())
        || downtimes.roleWasEmpty(Role.DECODE, heard.begin(), heard.end());
  }

  /** Whether the connection broke and nobody said why, or the router says that it ends. */
  private static boolean isBreach(RequestFailure failure) {
    return switch (failure.code()) {
      case "connection", "unreachable", "incomplete", "draining" -> true;
      default -> false;
    };
  }
}
