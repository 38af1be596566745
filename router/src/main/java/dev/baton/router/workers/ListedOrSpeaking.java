package dev.baton.router.workers;

import dev.baton.cluster.membership.Member;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who is there: whoever ZooKeeper lists, and whoever it does not list any more who still speaks. A
 * worker that alone lost ZooKeeper loses its node with its session, and lives on; its status stream
 * says so. It stays as it was until it
 *
 * <ul>
 *   <li>is listed again, under the epoch that it then has;
 *   <li>says that it is draining: then it has left by its own will;
 *   <li>falls silent: then nothing speaks for it any more.
 * </ul>
 *
 * <p>Safe for use by many threads.
 */
public final class ListedOrSpeaking {
  private static final Logger LOG = LoggerFactory.getLogger(ListedOrSpeaking.class);

  private final Workers workers;

  // Guarded by this.
  private Map<String, Member> listed = new TreeMap<>();
  // Replaced under this, read without: who hears a load must not wait where nobody is missing.
  private volatile Map<String, Member> speaking = Map.of();

  /** Tells these workers who is there. */
  public ListedOrSpeaking(Workers workers) {
    this.workers = workers;
  }

  /** ZooKeeper lists these now. */
  public synchronized void listed(List<Member> members) {
    Map<String, Member> before = new TreeMap<>(speaking);
    before.putAll(listed);
    Map<String, Member> now = new TreeMap<>();
    members.forEach(each -> now.put(each.id(), each));
    listed = now;
    before.keySet().removeAll(now.keySet());
    before.values().removeIf(each -> !workers.speaks(each));
    before.keySet().stream()
        .filter(id -> !speaking.containsKey(id))
        .forEach(id ->
            LOG.atWarn()
                .addKeyValue("worker", id)
                .log("worker has no node in ZooKeeper any more, but speaks: it stays"));
    tell(before);
  }

  /** Somebody spoke, or fell silent. Waits for nothing but another look. */
  public void lookAgain() {
    if (!speaking.isEmpty()) {
      look();
    }
  }

  private synchronized void look() {
    Map<String, Member> still = new TreeMap<>(speaking);
    if (still.values().removeIf(each -> !workers.speaks(each))) {
      tell(still);
    }
  }

  /** Under the lock. Whoever is told may look again at once: it finds nothing new. */
  private void tell(Map<String, Member> unlisted) {
    speaking = unlisted;
    Map<String, Member> all = new TreeMap<>(unlisted);
    all.putAll(listed);
    workers.members(List.copyOf(all.values()));
  }
}
