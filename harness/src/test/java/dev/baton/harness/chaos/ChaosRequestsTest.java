package dev.baton.harness.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.harness.chaos.ChaosRequest.Way;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChaosRequestsTest {
  private static final List<ChaosRequest> MANY = ChaosRequests.draw(1, 400);

  @Test
  void requestIsTheSameHoweverManyThereAre() {
    assertThat(ChaosRequests.draw(1, 50)).isEqualTo(MANY.subList(0, 50));
    assertThat(ChaosRequests.draw(2, 50)).isNotEqualTo(MANY.subList(0, 50));
  }

  @Test
  void mixHasEverything() {
    assertThat(MANY)
        .anyMatch(each -> each.way() == Way.HTTP)
        .anyMatch(each -> each.way() == Way.GRPC)
        .anyMatch(each -> each.sampling().temperature().orElse(1) == 0)
        .anyMatch(each -> each.sampling().repetitionPenalty().isPresent())
        .anyMatch(each -> each.choices() == 2)
        .anyMatch(each -> !each.stop().isEmpty())
        .anyMatch(each -> each.logprobs().isPresent())
        .anyMatch(each -> each.deadline().isPresent())
        .anyMatch(each -> each.leavesAfter().isPresent())
        .anyMatch(each -> !each.ignoreEos());
  }

  @Test
  void everyRequestHasASeedAndPromptsShareTheirBeginnings() {
    assertThat(MANY).allMatch(each -> each.sampling().seed().isPresent());
    assertThat(
            MANY.stream()
                .map(each ->
                    each.prompt().split(" ").length > 16
                        ? String.join(" ", List.of(each.prompt().split(" ")).subList(0, 16))
                        : each.prompt())
                .distinct()
                .count())
        .isLessThan(MANY.size() / 2);
  }

  @Test
  void undisturbedRequestStaysAndHasTime() {
    assertThat(MANY)
        .map(ChaosRequest::undisturbed)
        .allMatch(each -> each.deadline().isEmpty() && each.leavesAfter().isEmpty());
  }
}
