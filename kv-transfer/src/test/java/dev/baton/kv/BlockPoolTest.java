package dev.baton.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BlockPoolTest {
  static final Layout LAYOUT =
      new Layout(1, 1, 2, KvDtype.F32, 2, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);

  private static BlockKey key(int i) {
    return new BlockKey(i, ~i);
  }

  private static List<BlockKey> keys(int... numbers) {
    List<BlockKey> keys = new ArrayList<>();
    for (int number : numbers) {
      keys.add(key(number));
    }
    return keys;
  }

  private static void cache(BlockPool pool, int... numbers) {
    List<Block> blocks = pool.tryReserve(numbers.length);
    for (int i = 0; i < numbers.length; i++) {
      pool.publish(blocks.get(i), key(numbers[i]));
    }
    pool.release(blocks);
  }

  private static void assertUsage(BlockPool pool, int free, int cached, int used) {
    assertThat(pool.usage()).isEqualTo(new PoolUsage(free, cached, used));
  }

  @Test
  void aReservationGetsAllOrNone() {
    try (BlockPool pool = new BlockPool(LAYOUT, 4)) {
      List<Block> three = pool.tryReserve(3);
      assertThat(three).hasSize(3).doesNotHaveDuplicates();
      assertThat(pool.tryReserve(2)).isNull();
      assertUsage(pool, 1, 0, 3);
      assertThat(pool.tryReserve(0)).isEmpty();
      pool.release(three);
      assertUsage(pool, 4, 0, 0);
    }
  }

  @Test
  void hottestKeysAreThoseUsedLastEachPromptInItsOrder() {
    try (BlockPool pool = new BlockPool(LAYOUT, 8)) {
      cache(pool, 1, 2, 3);
      cache(pool, 4, 5);
      pool.release(pool.retainPrefix(keys(1, 2)));
      List<Block> used = pool.retainPrefix(keys(4));

      assertThat(pool.hottestKeys(8)).isEqualTo(keys(1, 2, 5, 3));
      assertThat(pool.hottestKeys(2)).isEqualTo(keys(1, 2));
      assertThat(pool.absent(keys(9, 3, 7, 4))).isEqualTo(keys(9, 7));
      pool.release(used);
    }
  }

  @Test
  void memoryOfBlocksAndPlanesDoesNotOverlap() {
    try (BlockPool pool = new BlockPool(LAYOUT, 3)) {
      List<Block> blocks = pool.tryReserve(3);
      for (Block block : blocks) {
        assertThat(block.bytes().address() % 64).isZero();
        for (PlaneKind kind : PlaneKind.values()) {
          block.plane(0, kind).fill((byte) (10 * block.index() + kind.place() + 1));
        }
      }
      for (Block block : blocks) {
        for (PlaneKind kind : PlaneKind.values()) {
          assertThat(block.plane(0, kind).toArray(ValueLayout.JAVA_BYTE))
              .containsOnly((byte) (10 * block.index() + kind.place() + 1));
        }
      }
      pool.release(blocks);
    }
  }

  @Test
  void releasedTogetherTheLastBlockIsEvictedFirst() {
    try (BlockPool pool = new BlockPool(LAYOUT, 3)) {
      cache(pool, 1, 2, 3);
      List<Block> taken = pool.tryReserve(1);
      List<Block> prefix = pool.retainPrefix(keys(1, 2, 3));
      assertThat(prefix).hasSize(2);
      pool.release(prefix);
      pool.release(taken);
    }
  }

  @Test
  void theLeastRecentlyReleasedIsEvictedFirstAndItsKeyIsGone() {
    try (BlockPool pool = new BlockPool(LAYOUT, 2)) {
      cache(pool, 1);
      cache(pool, 2);
      pool.release(pool.retainPrefix(keys(1)));
      List<Block> taken = pool.tryReserve(1);
      assertThat(pool.retainPrefix(keys(2))).isEmpty();
      List<Block> kept = pool.retainPrefix(keys(1));
      assertThat(kept).hasSize(1);
      pool.release(kept);
      pool.release(taken);
    }
  }

  @Test
  void heldBlocksAreNotEvicted() {
    try (BlockPool pool = new BlockPool(LAYOUT, 2)) {
      cache(pool, 1, 2);
      List<Block> held = pool.retainPrefix(keys(1, 2));
      assertThat(pool.tryReserve(1)).isNull();
      assertUsage(pool, 0, 0, 2);
      pool.release(held);
    }
  }

  @Test
  void theFirstBlockPublishedUnderAKeyStays() {
    try (BlockPool pool = new BlockPool(LAYOUT, 2)) {
      List<Block> blocks = pool.tryReserve(2);
      pool.publish(blocks.get(0), key(1));
      pool.publish(blocks.get(1), key(1));
      pool.release(blocks);
      assertUsage(pool, 1, 1, 0);
      List<Block> found = pool.retainPrefix(keys(1));
      assertThat(found).containsExactly(blocks.get(0));
      pool.release(found);
    }
  }

  @Test
  void misuseIsRefused() {
    BlockPool pool = new BlockPool(LAYOUT, 2);
    BlockPool other = new BlockPool(LAYOUT, 3);
    Block block = pool.tryReserve(1).getFirst();
    assertThatThrownBy(pool::close).isInstanceOf(IllegalStateException.class);
    pool.publish(block, key(1));
    assertThatThrownBy(() -> pool.publish(block, key(2))).isInstanceOf(IllegalStateException.class);
    pool.release(block);
    assertThatThrownBy(() -> pool.release(block))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("released more often");
    assertThatThrownBy(() -> pool.publish(block, key(2))).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> pool.tryReserve(-1)).isInstanceOf(IllegalArgumentException.class);
    List<Block> foreign = other.tryReserve(3);
    for (Block stranger : foreign) {
      assertThatThrownBy(() -> pool.release(stranger)).hasMessageContaining("another pool");
    }
    assertUsage(pool, 1, 1, 0);
    other.release(foreign);
    other.close();
    pool.close();
  }

  @Test
  void listenersHearOfRoomOncePerReleaseAndNotWhileOthersHoldTheBlock() {
    try (BlockPool pool = new BlockPool(LAYOUT, 2)) {
      AtomicInteger heard = new AtomicInteger();
      pool.onRoom(heard::incrementAndGet);
      List<Block> blocks = pool.tryReserve(2);
      pool.publish(blocks.get(0), key(1));
      List<Block> shared = pool.retainPrefix(keys(1));
      pool.release(shared);
      assertThat(heard).hasValue(0);
      pool.release(blocks);
      assertThat(heard).hasValue(1);
    }
  }
}
