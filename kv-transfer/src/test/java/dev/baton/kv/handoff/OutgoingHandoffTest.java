package dev.baton.kv.handoff;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.handoff.OutgoingHandoff.Send;
import dev.baton.kv.handoff.OutgoingHandoff.State;
import dev.baton.proto.internal.v1.Accept;
import dev.baton.proto.internal.v1.PushReply;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The sender's state machine, alone: every order of events, nothing but its answers. */
class OutgoingHandoffTest {
  private static final int SEEDS = 2000;

  /** A handoff under test, and what may be sent of it by now. */
  private static final class Run {
    final Random random;
    final Layout layout;
    final Prompt prompt;
    final OutgoingHandoff handoff;
    final int[] ready;
    final Integer[] missing;
    final Set<Send.Plane> planes = new HashSet<>();
    final List<Send> sent = new ArrayList<>();
    boolean computed;

    Run(long seed) {
      random = new Random(seed);
      layout =
          new Layout(
              1 + random.nextInt(4),
              1,
              1,
              KvDtype.F32,
              1 + random.nextInt(5),
              PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
      prompt = Prompt.random(layout, 1 + random.nextInt(20), random);
      handoff = new OutgoingHandoff(layout, prompt.open());
      ready = new int[layout.layers()];
      missing =
          IntStream.range(0, prompt.keys().size())
              .filter(i -> random.nextInt(3) > 0)
              .boxed()
              .toArray(Integer[]::new);
    }

    void writeSome() {
      int layer = random.nextInt(ready.length);
      ready[layer] += random.nextInt(1 + prompt.tokens() - ready[layer]);
      handoff.ready(layer, ready[layer]);
    }

    void compute() {
      computed = true;
      handoff.computed(Prompt.FIRST_TOKENS);
    }

    /** Takes the next message, which must be one that may be sent now. */
    void take() {
      boolean plane = handoff.hasPlane();
      Send next = handoff.next(OutgoingHandoff.OPENER, true);
      assertThat(next instanceof Send.Plane).isEqualTo(plane);
      if (next == null) {
        return;
      }
      sent.add(next);
      switch (next) {
        case Send.Opening opening -> {
          assertThat(sent).hasSize(1);
          assertThat(opening.open()).isEqualTo(prompt.open());
        }
        case Send.Plane sending -> {
          assertThat(planes.add(sending)).as("sent once: %s", sending).isTrue();
          assertThat(missing).contains(sending.block());
          int last = Math.min((sending.block() + 1) * layout.blockTokens(), prompt.tokens());
          assertThat(computed || last <= ready[sending.layer()]).as("final: %s", sending).isTrue();
        }
        case Send.Committing committing -> {
          assertThat(computed).isTrue();
          assertThat(planes).hasSize(missing.length * layout.planes());
          assertThat(committing.commit()).isEqualTo(prompt.commit(missing.length));
        }
        case Send.Joining _, Send.Leaving _ -> throw new AssertionError("nobody joined");
        case Send.Renewing _ -> throw new AssertionError("nobody asked for a renewal");
      }
    }

    void randomEvent() {
      switch (random.nextInt(8)) {
        case 0, 1 -> writeSome();
        case 2 -> {
          if (random.nextInt(5) == 0) {
            compute();
          }
        }
        case 3 -> {
          if (handoff.state() == State.OPENING && !sent.isEmpty()) {
            handoff.on(OutgoingHandoff.OPENER, FakeReceiver.accept(missing));
          }
        }
        case 4 -> {
          if (handoff.renewal() != null) {
            assertThat(handoff.state()).isEqualTo(State.SENDING);
            assertThat(handoff.hasPlane()).isFalse();
          }
        }
        default -> take();
      }
    }
  }

  @Test
  void everyMissingPlaneGoesOutOnceNoneBeforeItIsFinalAndCommitLast() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Run run = new Run(seed);
      try {
        while (run.handoff.state() != State.COMMITTING) {
          run.randomEvent();
        }
        int total = run.sent.size();
        run.take();
        assertThat(run.sent).hasSize(total);
        assertThat(run.handoff.renewal()).isNull();
        run.handoff.on(OutgoingHandoff.OPENER, FakeReceiver.ack());
        assertThat(run.handoff.state()).isEqualTo(State.OVER);
        assertThat(run.handoff.failure()).isNull();
        assertThat(run.handoff.receipt().blocksMoved()).isEqualTo(run.missing.length);
        assertThat(run.sent.getFirst()).isInstanceOf(Send.Opening.class);
        assertThat(run.sent.getLast()).isInstanceOf(Send.Committing.class);
        assertThat(total).isEqualTo(2 + run.missing.length * run.layout.planes());
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }

  @Test
  void streamsThatJoinShareThePlanesAndCommitWaitsForTheirAcks() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Run run = new Run(seed);
      OutgoingHandoff handoff = run.handoff;
      run.take();
      handoff.on(
          OutgoingHandoff.OPENER,
          PushReply.newBuilder()
              .setAccept(Accept.newBuilder().addAllMissing(List.of(run.missing)).setStripes(2))
              .build());
      while (handoff.mayJoin() > 0) {
        handoff.join();
      }
      int stripes = run.missing.length > 0 ? 2 : 0;
      run.compute();
      Set<Send.Plane> planes = new HashSet<>();
      int acknowledged = 0;
      boolean committed = false;
      while (!committed) {
        int stream = run.random.nextInt(stripes + 1);
        switch (handoff.next(stream, true)) {
          case Send.Plane plane -> assertThat(planes.add(plane)).as("seed %d", seed).isTrue();
          case Send.Joining joining ->
              assertThat(joining.join().getStripe()).as("seed %d", seed).isEqualTo(stream);
          case Send.Leaving _ -> {
            assertThat(planes)
                .as("seed %d", seed)
                .hasSize(run.missing.length * run.layout.planes());
            handoff.on(stream, FakeReceiver.ack());
            handoff.ended(stream, HandoffException.lost("its good end", null));
            acknowledged++;
          }
          case Send.Committing _ -> {
            assertThat(acknowledged).as("seed %d", seed).isEqualTo(stripes);
            committed = true;
          }
          case null -> assertThat(handoff.state()).isEqualTo(State.SENDING);
          default -> throw new AssertionError("seed " + seed);
        }
      }
      handoff.on(OutgoingHandoff.OPENER, FakeReceiver.ack());
      assertThat(handoff.state()).isEqualTo(State.OVER);
      assertThat(handoff.failure()).as("seed %d", seed).isNull();
    }
  }

  @Test
  void afterAnEndInAnyPhaseNothingGoesOutAndTheFirstReasonStays() {
    for (long seed = 0; seed < SEEDS; seed++) {
      Run run = new Run(seed);
      for (int events = run.random.nextInt(40); events > 0; events--) {
        run.randomEvent();
      }
      HandoffException why = HandoffException.lost("a test's end", null);
      run.handoff.end(why);
      run.handoff.end(HandoffException.stalled("too late"));
      run.compute();
      run.handoff.on(OutgoingHandoff.OPENER, FakeReceiver.ack());
      assertThat(run.handoff.next(OutgoingHandoff.OPENER, true)).as("seed %d", seed).isNull();
      assertThat(run.handoff.renewal()).isNull();
      assertThat(run.handoff.hasPlane()).isFalse();
      assertThat(run.handoff.failure()).isSameAs(why);
    }
  }

  @Test
  void aReplyOutOfOrderEndsIt() {
    Run early = new Run(1);
    early.handoff.on(OutgoingHandoff.OPENER, FakeReceiver.accept());
    assertProtocol(early, "expected Accept");

    Run ack = new Run(1);
    ack.take();
    ack.handoff.on(OutgoingHandoff.OPENER, FakeReceiver.ack());
    assertProtocol(ack, "expected Accept");

    Run twice = new Run(1);
    twice.take();
    twice.handoff.on(OutgoingHandoff.OPENER, FakeReceiver.accept());
    twice.handoff.on(OutgoingHandoff.OPENER, FakeReceiver.ack());
    assertProtocol(twice, "expected Ack");
  }

  private static void assertProtocol(Run run, String message) {
    HandoffException why = Objects.requireNonNull(run.handoff.failure());
    assertThat(run.handoff.state()).isEqualTo(State.OVER);
    assertThat(why.refusal()).contains(Refusal.PROTOCOL);
    assertThat(why).hasMessageContaining(message);
  }

  @Test
  void aBlocksPlanesGoOutLayerByLayerAsTheyAreWritten() {
    OutgoingHandoff handoff =
        new OutgoingHandoff(Prompt.SMALL, Prompt.random(Prompt.SMALL, 6, new Random(1)).open());
    assertThat(handoff.next(OutgoingHandoff.OPENER, true)).isInstanceOf(Send.Opening.class);
    handoff.on(OutgoingHandoff.OPENER, FakeReceiver.accept(0, 1));
    assertThat(handoff.next(OutgoingHandoff.OPENER, true)).isNull();

    handoff.ready(0, 3);
    assertThat(handoff.next(OutgoingHandoff.OPENER, true))
        .as("a block that is not full yet")
        .isNull();
    handoff.ready(0, 6);
    assertThat(List.of(place(handoff), place(handoff), place(handoff), place(handoff)))
        .containsExactly("0.0K", "0.0V", "1.0K", "1.0V");
    assertThat(handoff.renewal()).isNotNull();
    handoff.ready(1, 6);
    assertThat(List.of(place(handoff), place(handoff), place(handoff), place(handoff)))
        .containsExactly("0.1K", "0.1V", "1.1K", "1.1V");
    assertThat(handoff.next(OutgoingHandoff.OPENER, true))
        .as("first tokens are not known")
        .isNull();
    handoff.computed(Prompt.FIRST_TOKENS);
    assertThat(handoff.next(OutgoingHandoff.OPENER, true)).isInstanceOf(Send.Committing.class);
  }

  private static String place(OutgoingHandoff handoff) {
    Send.Plane plane =
        (Send.Plane) Objects.requireNonNull(handoff.next(OutgoingHandoff.OPENER, true));
    return plane.block() + "." + plane.layer() + plane.kind();
  }
}
