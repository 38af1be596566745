package dev.baton.router.workers;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.membership.Member;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.placement.LeastLoaded;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ListedOrSpeakingTest {
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final FakeDecode d1 = new FakeDecode("d-1");
  private final FakeDecode d2 = new FakeDecode("d-2");
  private final Workers workers =
      new Workers(
          new LeastLoaded(),
          new PrefixIndex(1 << 20, 64),
          endpoint -> WorkerChannels.open(endpoint, threads),
          timer,
          System::nanoTime);
  private final ListedOrSpeaking present = new ListedOrSpeaking(workers);

  @BeforeEach
  void bothAreListedAndSpeak() {
    workers.onChange(present::lookAgain);
    present.listed(List.of(d1.member(), d2.member()));
    await().atMost(5, SECONDS).until(() -> workers.speaks(d1.member()));
    await().atMost(5, SECONDS).until(() -> workers.speaks(d2.member()));
  }

  @AfterEach
  void close() {
    workers.close();
    d1.close();
    d2.close();
    threads.shutdownNow();
    timer.shutdownNow();
  }

  private List<String> ids() {
    return workers.view().decode().stream().map(each -> each.ref().id()).toList();
  }

  @Test
  void workerThatIsNotListedAnyMoreStaysWhileItSpeaks() {
    present.listed(List.of(d2.member()));
    d1.load(WorkerLoad.newBuilder().setRunning(3).build());
    await()
        .atMost(5, SECONDS)
        .until(() -> workers.view().decode().stream().anyMatch(each -> each.requests() == 3));
    present.listed(List.of());

    assertThat(ids()).containsExactly("d-1", "d-2");
  }

  @Test
  void itGoesWhenItFallsSilent() {
    present.listed(List.of(d2.member()));
    d1.close();

    await().atMost(5, SECONDS).until(() -> ids().equals(List.of("d-2")));
  }

  @Test
  void itGoesWhenItDrains() {
    present.listed(List.of(d2.member()));
    d1.load(WorkerLoad.newBuilder().setDraining(true).build());

    await().atMost(5, SECONDS).until(() -> ids().equals(List.of("d-2")));
  }

  @Test
  void drainingWorkerThatIsNotListedAnyMoreGoesAtOnce() {
    d1.load(WorkerLoad.newBuilder().setDraining(true).build());
    await().atMost(5, SECONDS).until(() -> !workers.speaks(d1.member()));

    present.listed(List.of(d2.member()));

    assertThat(ids()).containsExactly("d-2");
  }

  @Test
  void itIsTheSameWorkerUnderItsNewEpochWhenItIsListedAgain() {
    present.listed(List.of(d2.member()));
    Member again = new Member(d1.registration(), d1.epoch() + 1000);
    present.listed(List.of(again, d2.member()));

    assertThat(workers.view().decode())
        .extracting(each -> each.ref().epoch())
        .containsExactly(again.epoch(), d2.epoch());
  }

  @Test
  void workerThatNeverSpokeGoesWithItsNode() {
    FakeDecode silent = new FakeDecode("d-3");
    Member member = silent.member();
    silent.close();
    present.listed(List.of(d1.member(), d2.member(), member));
    assertThat(ids()).hasSize(3);

    present.listed(List.of(d1.member(), d2.member()));

    assertThat(ids()).containsExactly("d-1", "d-2");
  }
}
