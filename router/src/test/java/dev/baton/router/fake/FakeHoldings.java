package dev.baton.router.fake;

import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyHoldings;
import dev.baton.kv.KeyJournal;
import dev.baton.kv.KeySnapshot;
import dev.baton.kv.PackedKeys;
import java.util.LinkedHashSet;
import java.util.Set;

/** Blocks that a fake worker says it has. */
public final class FakeHoldings implements KeyHoldings {
  private final Set<BlockKey> keys = new LinkedHashSet<>();
  private final KeyJournal journal;

  public FakeHoldings() {
    this(1000);
  }

  /** Whose journal keeps so many changes. */
  public FakeHoldings(int remembered) {
    this.journal = new KeyJournal(remembered);
  }

  public synchronized void store(BlockKey key) {
    if (keys.add(key)) {
      journal.stored(key);
    }
  }

  public synchronized void remove(BlockKey key) {
    if (keys.remove(key)) {
      journal.removed(key);
    }
  }

  public synchronized Set<BlockKey> keys() {
    return Set.copyOf(keys);
  }

  @Override
  public synchronized KeySnapshot heldKeys() {
    return new KeySnapshot(PackedKeys.of(keys), journal.end());
  }

  @Override
  public KeyJournal journal() {
    return journal;
  }
}
