package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.BatonException;
import dev.baton.kv.Block;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.proto.v1.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class BlockAdmissionTest {
  private static final int MAX_QUEUE = 3;

  private final BlockPool pool = new BlockPool(new ChainEngine().layout(), 10);
  private final BlockAdmission admission = new BlockAdmission(pool, MAX_QUEUE);
  private final BlockingQueue<Grant> grants = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() {
    admission.start();
  }

  @AfterEach
  void nothingIsLeft() {
    grants.forEach(grant -> pool.release(grant.blocks));
    admission.close();
    assertThat(pool.usage().used()).isZero();
    pool.close();
  }

  @Test
  void roomIsGrantedInOrderOfArrivalThoughLaterOnesWouldFit() throws Exception {
    enter("a", 8);
    Grant a = next("a");
    enter("b", 5);
    enter("c", 2);
    assertThat(grants.poll(50, TimeUnit.MILLISECONDS)).isNull();

    pool.release(a.blocks);

    grants.addAll(List.of(next("b"), next("c")));
  }

  @Test
  void withdrawnRequestIsNeverGrantedAndTheNextMovesUp() throws Exception {
    enter("a", 8);
    Grant a = next("a");
    BlockAdmission.Waiting b = enter("b", 5);
    enter("c", 2);

    assertThat(admission.withdraw(b)).isTrue();

    Grant c = next("c");
    pool.release(a.blocks);
    assertThat(admission.withdraw(b)).isFalse();
    assertThat(grants.poll(50, TimeUnit.MILLISECONDS)).isNull();
    grants.add(c);
  }

  @Test
  void fullQueueRefusesAndSaysWhenToComeBack() throws Exception {
    enter("a", 10);
    Grant a = next("a");
    List<BlockAdmission.Waiting> queued = new ArrayList<>();
    for (int i = 0; i < MAX_QUEUE; i++) {
      queued.add(enter("q", 1));
    }

    assertThatThrownBy(() -> enter("late", 1))
        .isInstanceOfSatisfying(
            BatonException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.ERROR_CODE_OVERLOADED);
              assertThat(e.retryAfterMs()).isPresent();
            });

    queued.forEach(admission::withdraw);
    grants.add(a);
  }

  @Test
  void burstThatFitsThePoolIsNeverRefusedHoweverSlowlyGrantsAreTaken() throws Exception {
    CountDownLatch taken = new CountDownLatch(1);
    admission.enter(
        List.of(),
        1,
        (blocks, present) -> {
          grants.add(new Grant("slow", blocks, present));
          awaitQuietly(taken);
        });
    Grant slow = next("slow");

    for (int i = 0; i < 9; i++) {
      enter("burst", 1);
    }

    taken.countDown();
    List<Grant> burst = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      burst.add(next("burst"));
    }
    grants.add(slow);
    grants.addAll(burst);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void sharedBlocksInTheCacheComeFirstAndAreNotEvictedWhileTheirRequestIsNext() throws Exception {
    List<BlockKey> keys = List.of(new BlockKey(1, 1), new BlockKey(2, 2));
    List<Block> cached = pool.tryReserve(2);
    pool.publish(cached.get(0), keys.get(0));
    pool.publish(cached.get(1), keys.get(1));
    List<Block> busy = pool.tryReserve(4);
    pool.release(cached);
    admission.enter(keys, 8, (blocks, present) -> grants.add(new Grant("x", blocks, present)));
    Awaitility.await().until(() -> pool.usage().used() == 6);
    assertThat(pool.tryReserve(5)).as("only what is not held").isNull();

    pool.release(busy);

    Grant granted = next("x");
    assertThat(granted.present).isEqualTo(2);
    assertThat(granted.blocks).hasSize(8).startsWith(cached.get(0), cached.get(1));
    grants.add(granted);
  }

  @Test
  void withdrawalGivesTheHeldPrefixBack() {
    BlockKey key = new BlockKey(1, 1);
    List<Block> cached = pool.tryReserve(1);
    pool.publish(cached.getFirst(), key);
    pool.release(cached);
    List<Block> busy = pool.tryReserve(9);
    BlockAdmission.Waiting waiting = admission.enter(List.of(key), 2, (blocks, present) -> {});
    Awaitility.await().until(() -> pool.usage().used() == 10);

    assertThat(admission.withdraw(waiting)).isTrue();

    assertThat(pool.usage().used()).isEqualTo(9);
    pool.release(busy);
  }

  @Test
  void applicantThatThrowsDoesNotStopTheQueue() throws Exception {
    List<Block> taken = new ArrayList<>();
    admission.enter(
        List.of(),
        1,
        (blocks, present) -> {
          taken.addAll(blocks);
          throw new IllegalStateException("broken");
        });
    enter("b", 1);

    grants.add(next("b"));
    pool.release(taken);
  }

  private BlockAdmission.Waiting enter(String name, int blocks) {
    return admission.enter(
        List.of(), blocks, (granted, present) -> grants.add(new Grant(name, granted, present)));
  }

  private Grant next(String name) throws InterruptedException {
    Grant grant = grants.poll(10, TimeUnit.SECONDS);
    assertThat(grant).isNotNull();
    assertThat(grant.name).isEqualTo(name);
    return grant;
  }

  private record Grant(String name, List<Block> blocks, int present) {}
}
