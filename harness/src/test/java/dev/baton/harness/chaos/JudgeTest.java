package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.chaos.ChaosRequest.Way;
import dev.baton.harness.chaos.Member.Role;
import dev.baton.harness.load.RequestFailure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class JudgeTest {
  private static final List<String> TOKENS = List.of("a", "b", "c", "d", "e", "f");

  private final AtomicLong clock = new AtomicLong(1_000);
  private final Downtimes downtimes = new Downtimes(new ClusterShape(2, 1, 2));
  private final Judge judge = new Judge(downtimes);

  private static ChaosRequest request(Way way) {
    return request(way, Optional.empty());
  }

  private static ChaosRequest hasty(Duration deadline) {
    return request(Way.GRPC, Optional.of(deadline));
  }

  private static ChaosRequest request(Way way, Optional<Duration> deadline) {
    ChaosRequest drawn = ChaosRequests.draw(1, 1).getFirst();
    return new ChaosRequest(
        0,
        way,
        0,
        drawn.prompt(),
        drawn.sampling(),
        1,
        8,
        true,
        List.of(),
        OptionalInt.empty(),
        deadline,
        OptionalInt.empty(),
        Duration.ZERO);
  }

  private Ear ear(ChaosRequest request, List<String> tokens) {
    Ear ear = new Ear(request, clock::get);
    ear.more(0, tokens, String.join("", tokens));
    return ear;
  }

  private Heard whole(ChaosRequest request) {
    return completed(request, TOKENS, 6);
  }

  private Heard completed(ChaosRequest request, List<String> tokens, int usage) {
    Ear ear = ear(request, tokens);
    ear.finished(0, "length");
    ear.usage(OptionalInt.of(9), OptionalInt.of(usage));
    ear.completed();
    return ear.heard();
  }

  private Heard failed(ChaosRequest request, List<String> tokens, String type, long millis) {
    Ear ear = ear(request, tokens);
    clock.addAndGet(millis * 1_000_000);
    ear.failed(new RequestFailure(type, "because"));
    return ear.heard();
  }

  private Outcome judged(ChaosRequest request, Heard heard) {
    return judge.judge(request, whole(request), heard, 0).outcome();
  }

  @Test
  void streamThatIsTheUndisturbedOneIsCompleted() {
    assertThat(judged(request(Way.GRPC), whole(request(Way.GRPC)))).isEqualTo(Outcome.COMPLETED);
  }

  @Test
  void streamThatEndsWellWithoutItsLastTokenLostIt() {
    ChaosRequest request = request(Way.GRPC);

    assertThat(judged(request, completed(request, TOKENS.subList(0, 5), 6)))
        .isEqualTo(Outcome.LOST);
  }

  @Test
  void streamWithoutATokenInTheMiddleLostIt() {
    ChaosRequest request = request(Way.GRPC);

    assertThat(judged(request, completed(request, List.of("a", "b", "d", "e", "f"), 6)))
        .isEqualTo(Outcome.LOST);
  }

  @Test
  void repeatedTokenIsDuplicatedAlsoWhereTheStreamFailsLater() {
    ChaosRequest request = request(Way.GRPC);
    Heard heard = failed(request, List.of("a", "b", "b", "c"), "worker_lost", 1);

    assertThat(judged(request, heard)).isEqualTo(Outcome.DUPLICATED);
  }

  @Test
  void otherTokenIsDivergentAlsoWhereItsClientLeft() {
    ChaosRequest request = request(Way.GRPC);
    Ear ear = ear(request, List.of("a", "x"));
    ear.gaveUp();

    assertThat(judged(request, ear.heard())).isEqualTo(Outcome.DIVERGENT);
  }

  @Test
  void otherAccountIsDivergent() {
    ChaosRequest request = request(Way.GRPC);

    assertThat(judged(request, completed(request, TOKENS, 7))).isEqualTo(Outcome.DIVERGENT);
  }

  @Test
  void choiceThatEndsTwiceIsDivergent() {
    ChaosRequest request = request(Way.GRPC);
    Ear ear = ear(request, TOKENS);
    ear.finished(0, "length");
    ear.finished(0, "length");
    ear.usage(OptionalInt.of(9), OptionalInt.of(6));
    ear.completed();

    assertThat(judged(request, ear.heard())).isEqualTo(Outcome.DIVERGENT);
  }

  @Test
  void streamThatItsClientHadToGiveUpHung() {
    ChaosRequest request = request(Way.HTTP);
    Ear ear = ear(request, List.of("a"));
    ear.gaveUp();

    assertThat(judged(request, ear.heard())).isEqualTo(Outcome.HUNG);
  }

  @Test
  void deadlineThatWasNotMeantToBeShortIsAHang() {
    ChaosRequest request = request(Way.HTTP);

    assertThat(judged(request, failed(request, List.of("a"), "stream:deadline_exceeded", 60_000)))
        .isEqualTo(Outcome.HUNG);
  }

  @Test
  void shortDeadlineMayPassButNotBeforeItsTime() {
    ChaosRequest request = hasty(Duration.ofMillis(500));

    assertThat(judged(request, failed(request, List.of("a"), "deadline_exceeded", 510)))
        .isEqualTo(Outcome.FAILED_ALLOWED);
    assertThat(judged(request, failed(request, List.of("a"), "deadline_exceeded", 100)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);
    assertThat(judged(request, failed(request, List.of("a"), "deadline_exceeded", 9_000)))
        .isEqualTo(Outcome.HUNG);
  }

  @Test
  void lostWorkerIsNoExcuse() {
    ChaosRequest request = request(Way.GRPC);
    downtimes.begin(new Member(Role.DECODE, 0), Downtimes.Cause.DEATH, clock.get());

    assertThat(judged(request, failed(request, List.of("a"), "worker_lost", 1)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);
  }

  @Test
  void noWorkerIsAnExcuseOnlyWhileARoleIsEmpty() {
    ChaosRequest request = request(Way.GRPC);
    downtimes.begin(new Member(Role.DECODE, 0), Downtimes.Cause.DEATH, clock.get());
    assertThat(judged(request, failed(request, List.of(), "no_worker", 1)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);

    downtimes.begin(new Member(Role.DECODE, 1), Downtimes.Cause.DEATH, clock.get());
    assertThat(judged(request, failed(request, List.of(), "no_worker", 1)))
        .isEqualTo(Outcome.FAILED_ALLOWED);

    downtimes.end(new Member(Role.DECODE, 0), clock.get());
    clock.addAndGet(1_000_000_000);
    assertThat(judged(request, failed(request, List.of(), "no_worker", 1)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);
  }

  @Test
  void deathOfItsOwnRouterIsAnExcuseForPlainHttpOnly() {
    downtimes.begin(new Member(Role.ROUTER, 0), Downtimes.Cause.DEATH, clock.get());
    ChaosRequest http = request(Way.HTTP);
    ChaosRequest grpc = request(Way.GRPC);

    assertThat(judged(http, failed(http, List.of("a"), "connection", 1)))
        .isEqualTo(Outcome.FAILED_ALLOWED);
    assertThat(judged(grpc, failed(grpc, List.of("a"), "unreachable", 0)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);
  }

  @Test
  void drainOfItsOwnRouterIsAnExcuseForPlainHttpUntilTheRouterIsBack() {
    downtimes.begin(new Member(Role.ROUTER, 0), Downtimes.Cause.DRAIN, clock.get());
    clock.addAndGet(1_000_000_000);
    ChaosRequest http = request(Way.HTTP);
    ChaosRequest grpc = request(Way.GRPC);

    assertThat(judged(http, failed(http, List.of("a"), "draining", 1)))
        .isEqualTo(Outcome.FAILED_ALLOWED);
    assertThat(judged(grpc, failed(grpc, List.of("a"), "draining", 1)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);

    downtimes.end(new Member(Role.ROUTER, 0), clock.get());
    clock.addAndGet(1_000_000_000);
    assertThat(judged(http, failed(http, List.of("a"), "draining", 1)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);
  }

  @Test
  void deathOfAnotherRouterIsNoExcuse() {
    downtimes.begin(new Member(Role.ROUTER, 1), Downtimes.Cause.DEATH, clock.get());
    ChaosRequest request = request(Way.HTTP);

    assertThat(judged(request, failed(request, List.of("a"), "connection", 1)))
        .isEqualTo(Outcome.FAILED_UNEXPECTEDLY);
    assertThat(judged(request, failed(request, List.of("a"), "incomplete", 1)))
        .isEqualTo(Outcome.LOST);
  }

  @Test
  void clientThatFindsItsRouterGoneAsksElsewhereButNotInTheMiddleOfAStream() {
    ChaosRequest request = request(Way.GRPC);
    Ear silent = new Ear(request, clock::get);
    silent.failed(new RequestFailure("unreachable", "refused"));

    assertThat(judge.foundNobody(silent.heard(), 0)).isFalse();
    downtimes.begin(new Member(Role.ROUTER, 0), Downtimes.Cause.DEATH, clock.get());
    assertThat(judge.foundNobody(silent.heard(), 0)).isTrue();
    assertThat(judge.foundNobody(failed(request, List.of("a"), "unreachable", 0), 0)).isFalse();
  }
}
