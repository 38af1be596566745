package dev.baton.kv;

import java.util.HashSet;
import java.util.Optional;
import java.util.Set;

/** Follows holdings as a distant reader would: a snapshot, then the journal. */
public final class KeyFollower {
  private final KeyHoldings holdings;
  private final Set<BlockKey> keys = new HashSet<>();
  private long position;
  private int snapshots;

  public KeyFollower(KeyHoldings holdings) {
    this.holdings = holdings;
    takeSnapshot();
  }

  private void takeSnapshot() {
    KeySnapshot snapshot = holdings.heldKeys();
    keys.clear();
    for (int i = 0; i < snapshot.keys().size(); i++) {
      keys.add(snapshot.keys().key(i));
    }
    position = snapshot.position();
    snapshots++;
  }

  /** Reads the next changes, at most so many. */
  public void follow(int most) {
    Optional<KeyJournal.Part> part = holdings.journal().since(position, most);
    if (part.isEmpty()) {
      takeSnapshot();
      return;
    }
    for (KeyRun run : part.get().runs()) {
      for (int i = 0; i < run.keys().size(); i++) {
        BlockKey key = run.keys().key(i);
        boolean isChange = run.stored() ? keys.add(key) : keys.remove(key);
        if (!isChange) {
          throw new AssertionError(key + " came or left twice");
        }
      }
    }
    position = part.get().end();
  }

  /** Reads to the end. */
  public Set<BlockKey> followAll() {
    while (position < holdings.journal().end()) {
      follow(Integer.MAX_VALUE);
    }
    return Set.copyOf(keys);
  }

  /** How many snapshots it had to take. */
  public int snapshots() {
    return snapshots;
  }
}
