package dev.baton.cli.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class GaugesTest {
  @Test
  void onlyWhatIsHeldIsNamed() {
    String page =
        """
        # TYPE baton_blocks gauge
        baton_blocks{role="decode",state="cached",worker="d"} 12.0
        baton_blocks{role="decode",state="free",worker="d"} 88.0
        baton_blocks{role="decode",state="used",worker="d"} 3.0
        baton_handoffs_active{role="decode",worker="d"} 0.0
        baton_running_requests{role="decode",worker="d"} 1.0
        baton_requests_total{outcome="completed",role="decode"} 7.0
        """;

    assertThat(Gauges.held(page))
        .containsExactly(
            "baton_blocks{role=\"decode\",state=\"used\",worker=\"d\"} 3.0",
            "baton_running_requests{role=\"decode\",worker=\"d\"} 1.0");
  }

  @Test
  void blocksInUseAreAddedUp() {
    assertThat(
            Gauges.usedBlocks(
                List.of(
                    "baton_blocks{role=\"decode\",state=\"used\",worker=\"d\"} 3.0",
                    "baton_blocks{role=\"prefill\",state=\"used\",worker=\"p\"} 4.0",
                    "baton_running_requests{role=\"decode\",worker=\"d\"} 1.0")))
        .isEqualTo(7);
  }

  @Test
  void pageWithoutTheGaugesIsNotAtRest() {
    assertThat(Gauges.held("")).isNotEmpty();
  }
}
