package dev.baton.cli.soak;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cli.soak.SoakRequests.Drawn;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SoakRequestsTest {
  private static List<Drawn> draw(long seed) {
    SoakRequests requests = new SoakRequests(new SplittableRandom(seed));
    return Stream.generate(requests::next).limit(300).toList();
  }

  @Test
  void aSeedDecidesWhatIsAsked() {
    assertThat(draw(5)).isEqualTo(draw(5)).isNotEqualTo(draw(6));
  }

  @Test
  void everyKindOfRequestIsDrawn() {
    List<Drawn> drawn = draw(1);

    assertThat(drawn).anyMatch(Drawn::leaves).anyMatch(each -> !each.leaves());
    assertThat(drawn).anyMatch(each -> !each.followUp().isEmpty());
    assertThat(drawn.stream().map(Drawn::choices)).contains(1, 2, 3).allMatch(n -> n <= 3);
    assertThat(drawn).anyMatch(each -> each.sampling().temperature().orElse(1) == 0);
    assertThat(drawn).anyMatch(each -> each.sampling().temperature().orElse(0) > 0);
    assertThat(drawn).allMatch(each -> each.sampling().seed().isPresent());
  }
}
