package dev.baton.cli.bench;

import dev.baton.kv.BlockKey;
import dev.baton.kv.PackedKeys;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Random;

/**
 * What an index has to do while workers serve a trace. {@value #TENANTS} tenants send the trace at
 * once, each from another place on, with keys of its own, and with other keys each time that it
 * begins anew. A request goes to the worker that had its deepest known block beyond the first last,
 * one in {@value #ELSEWHERE} and those without one to any worker. Each worker keeps its latest
 * blocks, up to its share of the entries: what a request brings that is not there is stored, what
 * has to leave for it is removed, the ends of prompts before their heads.
 */
final class IndexWorkload {
  private static final int TENANTS = 16;
  private static final int ELSEWHERE = 8;
  private static final int KEY_BYTES = BlockKey.BYTES;

  /**
   * What one request makes the index do.
   *
   * @param worker that serves it
   * @param lookup keys of its blocks
   * @param removed what leaves the worker
   * @param stored what is new there
   */
  record Step(int worker, PackedKeys lookup, PackedKeys removed, PackedKeys stored) {}

  private final HashIdTrace trace;
  private final long[] base;
  private final Random random;
  private final int capacity;
  private final List<LinkedHashMap<Long, Boolean>> held = new ArrayList<>();
  private final List<Tenant> tenants = new ArrayList<>();
  private int turn;
  private int rounds;

  IndexWorkload(HashIdTrace trace, int workers, int entries, long seed) {
    this.trace = trace;
    this.base = baseKeys(trace.ids());
    this.random = new Random(seed);
    this.capacity = entries / workers;
    for (int i = 0; i < workers; i++) {
      held.add(new LinkedHashMap<>(16, 0.75f, true));
    }
    for (int i = 0; i < TENANTS; i++) {
      tenants.add(new Tenant((int) ((long) i * trace.requests().size() / TENANTS)));
    }
  }

  private static long[] baseKeys(int ids) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      long[] keys = new long[2 * ids];
      for (int id = 0; id < ids; id++) {
        ByteBuffer digest =
            ByteBuffer.wrap(sha.digest(ByteBuffer.allocate(4).putInt(0, id).array()));
        keys[2 * id] = digest.getLong();
        keys[2 * id + 1] = digest.getLong();
      }
      return keys;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** The next requests' steps; their keys lie one after the other in memory. */
  List<Step> next(int requests) {
    List<Planned> planned = new ArrayList<>();
    int keys = 0;
    for (int i = 0; i < requests; i++) {
      Planned each = plan(tenants.get(turn++ % TENANTS));
      planned.add(each);
      keys += each.lookup().length + each.removed().length + each.stored().length;
    }
    ByteBuffer bytes = ByteBuffer.allocate(keys * KEY_BYTES);
    for (Planned each : planned) {
      put(each.lookup(), bytes);
      put(each.removed(), bytes);
      put(each.stored(), bytes);
    }
    PackedKeys all = PackedKeys.of(bytes.flip());
    List<Step> steps = new ArrayList<>();
    int at = 0;
    for (Planned each : planned) {
      int removed = at + each.lookup().length;
      int stored = removed + each.removed().length;
      int end = stored + each.stored().length;
      steps.add(
          new Step(
              each.worker(),
              all.slice(at, removed),
              all.slice(removed, stored),
              all.slice(stored, end)));
      at = end;
    }
    return steps;
  }

  private Planned plan(Tenant tenant) {
    int[] ids = tenant.nextRequest();
    int worker = tenant.workerFor(ids);
    LinkedHashMap<Long, Boolean> here = held.get(worker);
    long[] blocks = new long[ids.length];
    List<Long> stored = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      blocks[i] = (long) tenant.round << 32 | ids[i];
      if (!here.containsKey(blocks[i])) {
        stored.add(blocks[i]);
      }
    }
    for (int i = ids.length - 1; i >= 0; i--) {
      here.put(blocks[i], true);
      tenant.last[ids[i]] = worker + 1;
    }
    List<Long> removed = new ArrayList<>();
    while (here.size() > capacity) {
      removed.add(here.pollFirstEntry().getKey());
    }
    return new Planned(worker, blocks, unboxed(removed), unboxed(stored));
  }

  private static long[] unboxed(List<Long> blocks) {
    return blocks.stream().mapToLong(Long::longValue).toArray();
  }

  private void put(long[] blocks, ByteBuffer bytes) {
    for (long block : blocks) {
      int id = (int) block;
      long salt = mixed(block >>> 32);
      bytes.putLong(mixed(base[2 * id] ^ salt));
      bytes.putLong(mixed(base[2 * id + 1] + salt));
    }
  }

  /** The finalizer of MurmurHash3. */
  private static long mixed(long value) {
    long mixed = (value ^ value >>> 33) * 0xFF51_AFD7_ED55_8CCDL;
    mixed = (mixed ^ mixed >>> 33) * 0xC4CE_B9FE_1A85_EC53L;
    return mixed ^ mixed >>> 33;
  }

  private record Planned(int worker, long[] lookup, long[] removed, long[] stored) {}

  private final class Tenant {
    /** The worker that had each id last, plus one; 0 if none. */
    private final int[] last = new int[trace.ids()];

    private int next;
    private int round = ++rounds;

    Tenant(int next) {
      this.next = next;
    }

    int[] nextRequest() {
      if (next == trace.requests().size()) {
        next = 0;
        round = ++rounds;
        Arrays.fill(last, 0);
      }
      return trace.requests().get(next++);
    }

    int workerFor(int[] ids) {
      if (random.nextInt(ELSEWHERE) > 0) {
        for (int i = ids.length - 1; i > 0; i--) {
          if (last[ids[i]] > 0) {
            return last[ids[i]] - 1;
          }
        }
      }
      return random.nextInt(held.size());
    }
  }
}
