package dev.baton.router.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.drain.Drain;
import dev.baton.proto.v1.ErrorCode;
import dev.baton.router.admission.TenantPolicies;
import dev.baton.router.fake.DecodeProbe;
import dev.baton.router.fake.Heard;
import dev.baton.router.fake.House;
import dev.baton.router.placement.LeastLoaded;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a router that drains does with requests that came before, at, and after that moment. */
class GenerationDrainTest {
  private House house = new House();

  @AfterEach
  void close() {
    house.close();
  }

  private Heard asked() {
    Heard heard = new Heard();
    house.start(House.text("x"), heard);
    return heard;
  }

  /** A router to which this happens while it looks for workers for a request. */
  private void whilePlacing(Runnable happens) {
    house.close();
    LeastLoaded leastLoaded = new LeastLoaded();
    house =
        new House(
            (request, view) -> {
              happens.run();
              return leastLoaded.place(request, view);
            },
            House.LIMITS,
            House.ADMISSION,
            TenantPolicies.NONE);
  }

  @Test
  void drainingRefusesNewRequestsAndFailsThoseThatDoNotEndInTime() throws Exception {
    Heard early = asked();
    DecodeProbe decode = house.decode.next();
    Drain.withoutBlocks(house.generations, Duration.ofMillis(50), _ -> {}).run();
    assertThat(early.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    assertThat(decode.awaitCancelled()).isTrue();

    Heard late = asked();
    assertThat(late.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    assertThat(late.failure().retryAfterMs()).hasValue(1000);
  }

  @Test
  void aRequestThatIsPlacedAsDrainingBeginsMayEnd() throws Exception {
    whilePlacing(() -> house.generations.refuseNew());
    house.answer(_ -> "hello");
    Heard heard = asked();
    heard.usage();
    assertThat(heard.text(0)).isEqualTo("hello");
    house.assertNothingIsLeftOf(heard);
  }

  @Test
  void aRequestThatIsPlacedAfterAllWereGivenBackIsGivenBackToo() throws Exception {
    whilePlacing(() -> house.generations.close());
    Heard heard = asked();
    assertThat(heard.failure().code()).isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
    house.assertNothingIsLeftOf(heard);
  }
}
