package dev.baton.router.admission;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.router.admission.Decision.Admitted;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * The fairness of "Fairness in Serving Large Language Models" (OSDI 2024), measured on a simulated
 * server: slots that each write one token a step. Two tenants that have requests waiting all the
 * time get served alike for their weights, in every interval, up to 2U, U = max(cost of the longest
 * prompt, cost of all output tokens that can be under way) (theorem 4.4), divided by the smaller
 * weight.
 */
class FairnessTest {
  private static final int SLOTS = 6;
  private static final int LONGEST_PROMPT = 400;
  private static final int LONGEST_OUTPUT = 60;

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private final Admission admission =
      new Admission(
          new AdmissionLimits(
              SLOTS,
              100_000,
              Long.MAX_VALUE / 4,
              Long.MAX_VALUE / 4,
              Duration.ofHours(1),
              Optional.empty(),
              Optional.empty()),
          (_, _, _, _) -> Optional.empty());
  private final Map<Pass, Integer> running = new HashMap<>();
  private final Map<String, Double> served = new HashMap<>();
  private long now;

  private static Payer account(String name, int weight) {
    TenantPolicy free = TenantPolicy.UNLIMITED;
    return new Payer(
        name,
        new TenantPolicy(
            weight,
            free.tokens(),
            free.requests(),
            free.maxRunning(),
            free.maxQueued(),
            free.maxQueuedTokens(),
            free.maxPriority()));
  }

  private void arrive(Payer payer, int most) {
    AdmissionRequest request =
        new AdmissionRequest(
            payer,
            Priority.NORMAL,
            Views.size(1 + random.nextInt(most), LONGEST_OUTPUT),
            Long.MAX_VALUE / 2);
    if (admission.ask(request, Views.roomy(), now) instanceof Admitted admitted) {
      begin(admitted.pass());
    }
  }

  private void begin(Pass pass) {
    admission.placed(pass);
    running.put(pass, 1 + random.nextInt(LONGEST_OUTPUT));
    served.merge(pass.request.payer().name(), (double) pass.request.promptTokens(), Double::sum);
  }

  private void step() {
    now++;
    for (Pass pass : new ArrayList<>(running.keySet())) {
      admission.delivered(pass, 1, now);
      served.merge(pass.request.payer().name(), Cost.of(0, 1), Double::sum);
      if (running.merge(pass, -1, Integer::sum) == 0) {
        running.remove(pass);
        assertThat(admission.end(pass, true, now)).isTrue();
      }
    }
    for (Optional<Pass> next = admission.next(Views.roomy(), now);
        next.isPresent();
        next = admission.next(Views.roomy(), now)) {
      begin(next.get());
    }
  }

  private double servedPerWeight(Payer account) {
    return served.getOrDefault(account.name(), 0.0) / account.policy().weight();
  }

  private static double bound() {
    return 2 * Math.max(Cost.of(LONGEST_PROMPT, 0), Cost.of(0, SLOTS * LONGEST_OUTPUT));
  }

  @Test
  void twoBackloggedTenantsAreServedByWeightInEveryInterval() {
    Payer one = account("one", 1);
    Payer two = account("two", 2);
    for (int i = 0; i < 3000; i++) {
      // Of different lengths: counting requests instead of tokens would not pass.
      arrive(one, 40);
      arrive(two, LONGEST_PROMPT);
    }
    List<Double> ahead = new ArrayList<>();
    for (int i = 0; i < 5000; i++) {
      step();
      ahead.add(servedPerWeight(two) - servedPerWeight(one));
    }
    double largest = ahead.stream().mapToDouble(each -> each).max().orElseThrow();
    double least = ahead.stream().mapToDouble(each -> each).min().orElseThrow();
    assertThat(largest - least).as("seed %d", seed).isLessThanOrEqualTo(bound());
    assertThat(served.get("one") + served.get("two"))
        .as("enough was served for the bound to say something")
        .isGreaterThan(20 * bound());
    assertThat(admission.queuedRequests()).as("both still wait").isPositive();
  }

  @Test
  void whoWasIdleForLongIsNotServedMoreThanItsShareAfterwards() {
    Payer busy = account("busy", 1);
    Payer idle = account("idle", 1);
    for (int i = 0; i < 6000; i++) {
      arrive(busy, LONGEST_PROMPT);
    }
    for (int i = 0; i < 4000; i++) {
      step();
    }
    double busyBefore = servedPerWeight(busy);
    assertThat(busyBefore).isGreaterThan(10 * bound());
    for (int i = 0; i < 3000; i++) {
      arrive(idle, LONGEST_PROMPT);
    }
    for (int i = 0; i < 2000; i++) {
      step();
      double gained = servedPerWeight(idle) - (servedPerWeight(busy) - busyBefore);
      assertThat(Math.abs(gained)).as("seed %d", seed).isLessThanOrEqualTo(bound());
    }
    assertThat(servedPerWeight(idle)).isGreaterThan(bound());
  }

  @Test
  void aTenantWithFewRequestsIsServedWhileAnotherFloods() {
    Payer flood = account("flood", 1);
    Payer few = account("few", 1);
    for (int i = 0; i < 3000; i++) {
      arrive(flood, LONGEST_PROMPT);
    }
    for (int i = 0; i < 1000; i++) {
      step();
    }
    arrive(few, 10);
    int steps = 0;
    while (servedPerWeight(few) == 0) {
      step();
      steps++;
      // All that runs ends within the longest answer.
      assertThat(steps).as("seed %d", seed).isLessThanOrEqualTo(LONGEST_OUTPUT);
    }
  }
}
