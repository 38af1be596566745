package dev.baton.kv;

import dev.baton.kv.memory.AnonymousMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A bounded pool of KV blocks in off-heap memory, with a cache of published blocks.
 *
 * <h2>Ownership</h2>
 *
 * A block is held by reference count. {@link #tryReserve} hands out blocks with one reference each,
 * whose holder alone may write them. {@link #publish} makes a written block visible under its key;
 * from then on nobody may write it. {@link #retainPrefix} adds a reference to published blocks.
 * Every reference is given back with one {@link #release}. A published block without references
 * stays in the cache until its room is needed, least recently released first; an unpublished one is
 * free at once.
 *
 * <h2>Saving</h2>
 *
 * A slower tier may take the content of cached blocks before it is evicted ({@link #saveBelow}):
 * while fewer blocks than the watermark are free, {@link #retainUnsaved} hands out the block that
 * would be evicted first among those not handed out yet. Eviction itself never waits for that: what
 * was not saved in time is gone, and counted. {@link #releaseUnused} puts the block back to its old
 * place in the order of eviction.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>Safe for use by many threads; no method blocks for longer than a short lock.
 *   <li>A reservation gets all its blocks or none.
 *   <li>A block is handed out again only after its last reference was released.
 *   <li>All memory is one arena that lives as long as the pool: closing the pool while a block is
 *       in use is the owner's error and fails.
 * </ul>
 */
public final class BlockPool implements KeyHoldings, AutoCloseable {
  private static final long ALIGNMENT = 64;

  private final Layout layout;
  private final Arena arena = Arena.ofShared();
  private final List<Slot> slots;
  private final ArrayDeque<Slot> free = new ArrayDeque<>();
  private final Map<BlockKey, Slot> published = new HashMap<>();

  /** Published slots without references by the number of their last use, the oldest first. */
  private final TreeMap<Long, Slot> evictable = new TreeMap<>();

  /** Those of them that were not handed out for saving since they were published. */
  private final TreeMap<Long, Slot> unsaved = new TreeMap<>();

  /**
   * Who reads more slowly than the pool changes as a whole is better off with all that it holds.
   */
  private final KeyJournal journal;

  private final List<Runnable> roomListeners = new CopyOnWriteArrayList<>();
  private long uses;
  private int watermark;
  private Runnable saver = () -> {};
  private long lost;

  /**
   * A pool of {@code blocks} blocks of one shape; takes the memory from now on, meanwhile in use.
   */
  public BlockPool(Layout layout, int blocks) {
    if (blocks < 1) {
      throw new IllegalArgumentException("blocks: " + blocks + ", expected at least 1");
    }
    this.layout = layout;
    this.journal = new KeyJournal(blocks);
    long stride = Math.ceilDiv(layout.blockBytes(), ALIGNMENT) * ALIGNMENT;
    MemorySegment memory = AnonymousMemory.allocateAndTouch(stride * blocks, ALIGNMENT, arena);
    this.slots = new ArrayList<>(blocks);
    for (int i = 0; i < blocks; i++) {
      Slot slot =
          new Slot(
              new Block(i, memory.asSlice(i * stride, layout.blockBytes(), ALIGNMENT), layout));
      slots.add(slot);
      free.add(slot);
    }
  }

  /** The shape of every block here. */
  public Layout layout() {
    return layout;
  }

  /** Blocks in the pool. */
  public int capacity() {
    return slots.size();
  }

  /**
   * Takes {@code count} blocks for writing, or none if there is no room for all. What they hold is
   * undefined.
   *
   * @return the blocks, one reference each, or null if fewer than {@code count} are available
   */
  public @Nullable List<Block> tryReserve(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count: " + count + ", expected at least 0");
    }
    List<Block> taken;
    Runnable wake;
    synchronized (this) {
      taken = take(count);
      wake = saverIfWanted();
    }
    wake.run();
    return taken;
  }

  private @Nullable List<Block> take(int count) {
    if (free.size() + evictable.size() < count) {
      return null;
    }
    List<Block> taken = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Slot slot = free.poll();
      if (slot == null) {
        slot = evictOldest();
      }
      slot.references = 1;
      taken.add(slot.block);
    }
    return List.copyOf(taken);
  }

  private Slot evictOldest() {
    Slot oldest = evictable.pollFirstEntry().getValue();
    BlockKey key = Objects.requireNonNull(oldest.key);
    published.remove(key);
    journal.removed(key);
    oldest.key = null;
    if (unsaved.remove(oldest.lastUse) != null && watermark > 0) {
      lost++;
    }
    return oldest;
  }

  /**
   * Adds a reference to the published blocks of the longest prefix of {@code keys} that is here.
   *
   * @return the blocks in the order of the keys; empty if the first key is not here
   */
  public synchronized List<Block> retainPrefix(List<BlockKey> keys) {
    List<Block> prefix = new ArrayList<>();
    for (BlockKey key : keys) {
      Slot slot = published.get(key);
      if (slot == null) {
        break;
      }
      if (slot.references++ == 0) {
        uncache(slot);
      }
      prefix.add(slot.block);
    }
    return List.copyOf(prefix);
  }

  /**
   * Makes a written block visible under its key. If another block has the key already that one
   * stays, and this one remains its holder's own.
   *
   * @throws IllegalStateException if nobody holds the block or it has a key already
   */
  public synchronized void publish(Block block, BlockKey key) {
    Slot slot = slotOf(block);
    if (slot.references == 0 || slot.key != null) {
      throw new IllegalStateException(
          block
              + " cannot be published as "
              + key
              + ": "
              + slot.references
              + " references, key "
              + slot.key);
    }
    if (published.putIfAbsent(key, slot) == null) {
      slot.key = key;
      slot.offered = false;
      journal.stored(key);
    }
  }

  /**
   * Gives one reference back.
   *
   * @throws IllegalStateException if nobody holds the block
   */
  public void release(Block block) {
    release(List.of(block));
  }

  /**
   * Gives one reference to each of {@code blocks} back, the last one first: blocks of a prompt,
   * given in order, then leave the cache from their end, and what remains is still a prefix.
   * Listeners hear of new room once, outside the lock.
   *
   * @throws IllegalStateException if nobody holds one of the blocks
   */
  public void release(Collection<Block> blocks) {
    boolean room = false;
    Runnable wake;
    synchronized (this) {
      for (Block block : new ArrayList<>(blocks).reversed()) {
        room |= drop(slotOf(block), true);
      }
      wake = saverIfWanted();
    }
    if (room) {
      roomListeners.forEach(Runnable::run);
    }
    wake.run();
  }

  /**
   * Gives one reference back that {@link #retainUnsaved} added: the block keeps the place in the
   * order of eviction that its last use gave it.
   *
   * @throws IllegalStateException if nobody holds the block
   */
  public void releaseUnused(Block block) {
    boolean room;
    synchronized (this) {
      room = drop(slotOf(block), false);
    }
    if (room) {
      roomListeners.forEach(Runnable::run);
    }
  }

  private boolean drop(Slot slot, boolean used) {
    if (slot.references == 0) {
      throw new IllegalStateException(slot.block + " was released more often than it was held");
    }
    if (used) {
      slot.lastUse = ++uses;
    }
    if (--slot.references > 0) {
      return false;
    }
    if (slot.key == null) {
      free.add(slot);
    } else {
      evictable.put(slot.lastUse, slot);
      if (!slot.offered) {
        unsaved.put(slot.lastUse, slot);
      }
    }
    return true;
  }

  private void uncache(Slot slot) {
    evictable.remove(slot.lastUse);
    unsaved.remove(slot.lastUse);
  }

  private Runnable saverIfWanted() {
    return free.size() < watermark && !unsaved.isEmpty() ? saver : () -> {};
  }

  /**
   * Names who saves cached blocks, at most one for a pool. From now on {@code saver}, which must
   * not block, is called outside the lock whenever there is something to save.
   *
   * @param watermark saving is wanted while fewer blocks than this are free; the pool's capacity or
   *     more means always, 0 never
   */
  public synchronized void saveBelow(int watermark, Runnable saver) {
    if (watermark < 0) {
      throw new IllegalArgumentException("watermark: " + watermark + ", expected at least 0");
    }
    this.watermark = watermark;
    this.saver = saver;
  }

  /**
   * Adds a reference to the cached block that is evicted first among those that this method did not
   * return since they were published. Hold it briefly: nobody can reserve it meanwhile.
   *
   * @param all whether to go on where enough blocks are free
   * @return the block and its key, to be given back with {@link #releaseUnused}; empty if nothing
   *     is to be saved
   */
  public synchronized Optional<PublishedBlock> retainUnsaved(boolean all) {
    if (unsaved.isEmpty() || (!all && free.size() >= watermark)) {
      return Optional.empty();
    }
    Slot slot = unsaved.firstEntry().getValue();
    uncache(slot);
    slot.offered = true;
    slot.references = 1;
    return Optional.of(new PublishedBlock(slot.block, Objects.requireNonNull(slot.key)));
  }

  /**
   * Keys of the cached blocks that would be evicted last, at most so many, the last of all first. A
   * prompt's blocks come in their order: what is cut off is its end.
   */
  public synchronized List<BlockKey> hottestKeys(int most) {
    return evictable.descendingMap().values().stream()
        .limit(most)
        .map(slot -> Objects.requireNonNull(slot.key))
        .toList();
  }

  /** Those of the keys under which nothing is published here, in their order. */
  public synchronized List<BlockKey> absent(List<BlockKey> keys) {
    return keys.stream().filter(key -> !published.containsKey(key)).toList();
  }

  /** Blocks that were evicted, since the pool was made, before anybody saved them. */
  public synchronized long lostBlocks() {
    return lost;
  }

  /** Keys of all published blocks. */
  @Override
  public synchronized KeySnapshot heldKeys() {
    return new KeySnapshot(PackedKeys.of(published.keySet()), journal.end());
  }

  @Override
  public KeyJournal journal() {
    return journal;
  }

  /** How the blocks are used now. */
  public synchronized PoolUsage usage() {
    return new PoolUsage(
        free.size(), evictable.size(), slots.size() - free.size() - evictable.size());
  }

  /** Calls {@code listener}, which must not block, whenever released blocks may have made room. */
  public void onRoom(Runnable listener) {
    roomListeners.add(listener);
  }

  /**
   * Gives the memory back.
   *
   * @throws IllegalStateException if blocks are in use
   */
  @Override
  public synchronized void close() {
    int used = usage().used();
    if (used > 0) {
      throw new IllegalStateException("the pool cannot close: " + used + " blocks are in use");
    }
    arena.close();
  }

  private Slot slotOf(Block block) {
    if (block.index() < slots.size()) {
      Slot slot = slots.get(block.index());
      if (slot.block.equals(block)) {
        return slot;
      }
    }
    throw new IllegalArgumentException(block + " is of another pool");
  }

  private static final class Slot {
    final Block block;
    int references;

    /** Orders the cached slots; unique among those that were released. */
    long lastUse;

    /** Whether {@link #retainUnsaved} returned it since it was published. */
    boolean offered;

    @Nullable BlockKey key;

    Slot(Block block) {
      this.block = block;
    }
  }
}
