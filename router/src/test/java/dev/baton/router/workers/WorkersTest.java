package dev.baton.router.workers;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.Member;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.router.fake.FakeDecode;
import dev.baton.router.fake.FakePrefill;
import dev.baton.router.fake.FakeWorker;
import dev.baton.router.fake.TestModel;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.placement.ClusterView.DecodeWorker;
import dev.baton.router.placement.ClusterView.PrefillWorker;
import dev.baton.router.placement.LeastLoaded;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WorkersTest {
  private static final TenantSalt SALT = new TenantSalt("0".repeat(64));
  private static final TenantSalt OTHER_SALT = new TenantSalt("1".repeat(64));

  private final AtomicLong skipped = new AtomicLong();
  private final List<ManagedChannel> channels = new CopyOnWriteArrayList<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final List<AutoCloseable> opened = new ArrayList<>();
  private final Workers workers = newWorkers();

  private Workers newWorkers() {
    return new Workers(
        new LeastLoaded(),
        new PrefixIndex(1 << 20, 64),
        endpoint -> {
          ManagedChannel channel = WorkerChannels.open(endpoint, threads);
          channels.add(channel);
          return channel;
        },
        timer,
        () -> System.nanoTime() + skipped.get());
  }

  @AfterEach
  void close() throws Exception {
    workers.close();
    for (AutoCloseable each : opened) {
      each.close();
    }
    threads.shutdownNow();
    timer.shutdownNow();
  }

  private FakePrefill prefill(String id) {
    FakePrefill worker = new FakePrefill(id);
    opened.add(worker);
    return worker;
  }

  private FakeDecode decode(String id) {
    FakeDecode worker = new FakeDecode(id);
    opened.add(worker);
    return worker;
  }

  private static int[] prompt(int tokens) {
    int[] prompt = new int[tokens];
    Arrays.setAll(prompt, i -> i % 200);
    return prompt;
  }

  private Assignment assign(int tokens) {
    return workers.assign("r-1", TestModel.NAME, prompt(tokens), 8, 1, SALT);
  }

  private PrefillWorker onlyPrefill() {
    return workers.view().prefill().getFirst();
  }

  private DecodeWorker onlyDecode() {
    return workers.view().decode().getFirst();
  }

  private void awaitFresh() {
    await()
        .atMost(5, SECONDS)
        .until(() ->
            workers.view().prefill().stream().allMatch(PrefillWorker::fresh)
                && workers.view().decode().stream().allMatch(DecodeWorker::fresh));
  }

  @Test
  void herdOfEqualRequestsSpreadsBeforeAnyWorkerHasAnswered() {
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      members.add(prefill("p" + i).member());
      members.add(decode("d" + i).member());
    }
    workers.members(members);
    awaitFresh();
    Map<String, Integer> counts = new HashMap<>();
    List<Assignment> all = new ArrayList<>();
    for (int i = 0; i < 32; i++) {
      Assignment each = assign(50);
      all.add(each);
      counts.merge(each.placed().prefill().id(), 1, Integer::sum);
      counts.merge(each.placed().decode().id(), 1, Integer::sum);
    }
    assertThat(counts).hasSize(8).allSatisfy((_, count) -> assertThat(count).isEqualTo(8));
    all.forEach(Assignment::close);
    all.forEach(Assignment::close);
    assertThat(workers.view().prefill()).allSatisfy(each -> assertThat(each.ownTokens()).isZero());
    assertThat(workers.view().decode()).allSatisfy(each -> assertThat(each.ownRequests()).isZero());
  }

  @Test
  void requestThatTheWorkerKnowsIsCountedByItsLoadAndNotTwice() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    workers.members(List.of(p.member(), d.member()));
    awaitFresh();
    try (Assignment assignment = assign(50)) {
      assertThat(onlyPrefill().ownTokens()).isEqualTo(50);
      assertThat(onlyDecode().ownRequests()).isEqualTo(1);
      assertThat(onlyDecode().ownBlocks()).isEqualTo(4);
      p.load(WorkerLoad.newBuilder().setBlocksTotal(10).setPendingTokens(3).build());
      await().atMost(5, SECONDS).until(() -> onlyPrefill().pendingTokens() == 3);
      assertThat(onlyPrefill().ownTokens()).as("the worker did not answer yet").isEqualTo(50);

      assignment.prefillKnows();
      assignment.decodeKnows();
      p.load(WorkerLoad.newBuilder().setBlocksTotal(10).setPendingTokens(53).build());
      d.load(WorkerLoad.newBuilder().setBlocksTotal(10).setBlocksUsed(4).setRunning(1).build());
      await().atMost(5, SECONDS).until(() -> onlyPrefill().pendingTokens() == 53);
      await().atMost(5, SECONDS).until(() -> onlyDecode().requests() == 1);
      assertThat(onlyPrefill().ownTokens()).isZero();
      assertThat(onlyDecode().ownRequests()).isZero();
      assertThat(onlyDecode().blocksAvailable()).isEqualTo(6);
    }
  }

  @Test
  void silentStatusStreamMakesTheLoadStaleButPlacesOn() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    workers.members(List.of(p.member(), d.member()));
    awaitFresh();
    skipped.set(WorkerLink.FRESH.toNanos());
    assertThat(onlyPrefill().fresh()).isFalse();
    assign(10).close();
    awaitFresh();
  }

  @Test
  void statusStreamThatBreaksIsOpenedAgain() {
    FakePrefill p = prefill("p");
    workers.members(List.of(p.member()));
    awaitFresh();
    p.endStatusStreams();
    p.load(WorkerLoad.newBuilder().setPendingTokens(77).build());
    await().atMost(5, SECONDS).until(() -> onlyPrefill().pendingTokens() == 77);
  }

  @Test
  void loadOfAnotherIncarnationIsNotBelieved() {
    FakePrefill p = prefill("p");
    p.load(WorkerLoad.newBuilder().setPendingTokens(77).build());
    workers.members(List.of(new Member(p.registration(), p.epoch() + 1)));
    FakeDecode d = decode("d");
    workers.members(List.of(new Member(p.registration(), p.epoch() + 1), d.member()));
    await().atMost(5, SECONDS).until(() -> onlyDecode().fresh());
    await().during(Duration.ofMillis(300)).atMost(2, SECONDS).until(() -> !onlyPrefill().fresh());
    assertThat(onlyPrefill().pendingTokens()).isZero();
  }

  @Test
  void silentMemberIsCountedButNotHeard() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    workers.members(List.of(p.member(), d.member()));
    awaitFresh();
    assertThat(workers.hears(WorkerRole.WORKER_ROLE_DECODE, TestModel.NAME)).isTrue();
    assertThat(workers.hears(WorkerRole.WORKER_ROLE_DECODE, "another")).isFalse();

    skipped.addAndGet(Duration.ofHours(1).toNanos());

    assertThat(workers.count(WorkerRole.WORKER_ROLE_DECODE, TestModel.NAME)).isOne();
    assertThat(workers.hears(WorkerRole.WORKER_ROLE_DECODE, TestModel.NAME)).isFalse();
  }

  @Test
  void channelOfAMemberThatLeftClosesAfterItsLastRequest() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    workers.members(List.of(p.member(), d.member()));
    Assignment assignment = assign(10);
    workers.members(List.of());
    assertThat(workers.view().prefill()).isEmpty();
    assertThat(channels).hasSize(2).noneMatch(ManagedChannel::isShutdown);
    assignment.close();
    assertThat(channels).allMatch(ManagedChannel::isShutdown);
  }

  @Test
  void newEpochIsANewWorker() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    workers.members(List.of(p.member(), d.member()));
    try (Assignment first = assign(40)) {
      workers.members(List.of(p.member(), new Member(d.registration(), d.epoch() + 1)));
      assertThat(onlyDecode().ownRequests()).isZero();
      try (Assignment second = assign(40)) {
        assertThat(second.placed().decode().epoch()).isEqualTo(d.epoch() + 1);
        assertThat(first.placed().decode().epoch()).isEqualTo(d.epoch());
      }
    }
    workers.members(List.of(p.member(), new Member(d.registration(), d.epoch() + 1)));
    assertThat(channels).as("nothing changed, nothing reconnects").hasSize(3);
  }

  @Test
  void secondTurnGoesToTheWorkerThatReadTheFirst() {
    FakePrefill a = prefill("a");
    FakePrefill b = prefill("b");
    FakeDecode d = decode("d");
    workers.members(List.of(a.member(), b.member(), d.member()));
    awaitFresh();
    Assignment busy = assign(10);
    Assignment first = assign(100);
    assertThat(first.placed().prefill().id()).isEqualTo("b");
    first.prefillDone(112, 0, 0, 0.01);
    first.close();
    busy.close();
    Assignment second = assign(120);
    assertThat(second.placed().prefill().id()).isEqualTo("b");
    assertThat(second.placed().tokensToCompute()).isEqualTo(120 - 96);
    second.close();
    try (Assignment stranger =
        workers.assign("r-1", TestModel.NAME, prompt(120), 8, 1, OTHER_SALT)) {
      assertThat(stranger.placed().tokensToCompute()).isEqualTo(120);
    }
  }

  private static List<BlockKey> fullBlocks(int tokens) {
    List<BlockKey> keys =
        new KeyChain(FakeWorker.LINEAGE, SALT, TestModel.BLOCK_TOKENS).keys(prompt(tokens));
    return keys.subList(0, tokens / TestModel.BLOCK_TOKENS);
  }

  private int toCompute(Workers by, int tokens) {
    try (Assignment assignment = by.assign("r", TestModel.NAME, prompt(tokens), 8, 1, SALT)) {
      return assignment.placed().tokensToCompute();
    }
  }

  @Test
  void requestGoesWhereAWorkerSaysThatItsBlocksAre() {
    FakePrefill a = prefill("a");
    FakePrefill b = prefill("b");
    FakeDecode d = decode("d");
    b.stores(fullBlocks(96));
    workers.members(List.of(a.member(), b.member(), d.member()));
    awaitFresh();
    try (Assignment assignment = assign(120)) {
      assertThat(assignment.placed().prefill().id()).isEqualTo("b");
      assertThat(assignment.placed().tokensToCompute()).isEqualTo(120 - 96);
    }
    // What was only expected is forgotten, what the worker says is not.
    skipped.set(2 * Expectations.LIFETIME.toNanos());
    a.stores(fullBlocks(112));
    b.drops(fullBlocks(96));
    await()
        .atMost(5, SECONDS)
        .untilAsserted(() -> {
          skipped.addAndGet(2 * Expectations.LIFETIME.toNanos());
          try (Assignment assignment = assign(120)) {
            assertThat(assignment.placed().prefill().id()).isEqualTo("a");
            assertThat(assignment.placed().tokensToCompute()).isEqualTo(120 - 112);
          }
        });
  }

  @Test
  void whatWasOnlyExpectedIsForgotten() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    workers.members(List.of(p.member(), d.member()));
    awaitFresh();
    assertThat(toCompute(workers, 100)).isEqualTo(100);
    assertThat(toCompute(workers, 100)).isEqualTo(100 - 96);
    skipped.set(2 * Expectations.LIFETIME.toNanos());
    assertThat(toCompute(workers, 100)).isEqualTo(100);
  }

  @Test
  void routerThatStartsAnewServesAtOnceAndHitsComeBack() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    p.stores(fullBlocks(96));
    List<Member> members = List.of(p.member(), d.member());
    workers.members(members);
    awaitFresh();
    assertThat(toCompute(workers, 120)).isEqualTo(120 - 96);
    try (Workers restarted = newWorkers()) {
      restarted.members(members);
      assertThat(toCompute(restarted, 40)).as("before it has heard of anybody").isBetween(8, 40);
      await().atMost(5, SECONDS).until(() -> toCompute(restarted, 120) == 120 - 96);
    }
  }

  @Test
  void wrongRegistrationIsLeftOut() {
    FakePrefill p = prefill("p");
    var wrong = p.registration().toBuilder();
    wrong.getModelsBuilder(0).setLineage("short");
    workers.members(List.of(new Member(wrong.build(), 1)));
    assertThat(workers.view().prefill()).isEmpty();
    assertThat(workers.count(WorkerRole.WORKER_ROLE_PREFILL, TestModel.NAME)).isZero();
  }

  @Test
  void requestLargerThanEveryPoolIsToldHowLargeTheyAre() {
    FakePrefill p = prefill("p");
    FakeDecode d = decode("d");
    Member small = new Member(d.registration().toBuilder().setBlocks(2).build(), d.epoch());
    d.load(WorkerLoad.newBuilder().setBlocksTotal(2).build());
    workers.members(List.of(p.member(), small));
    assertThatThrownBy(() -> assign(40))
        .isInstanceOf(BatonException.class)
        .hasMessageContaining("max_tokens")
        .hasMessageContaining("pool of 2 blocks, needed are 3");
  }
}
