package dev.baton.cluster.drain;

import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Member;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the peers of a worker that drains: members of its role that have blocks of its lineage and
 * layout, answer, and do not drain themselves.
 */
final class Peers {
  private static final Logger LOG = LoggerFactory.getLogger(Peers.class);

  /** More need not be asked: one is enough, and a cluster may have thousands. */
  private static final int MOST_ASKED = 8;

  private static final Duration LONGEST_LOOK = Duration.ofSeconds(1);
  private static final Executor THREADS = Thread::startVirtualThread;

  private Peers() {}

  /**
   * Looks for peers; those of the worker's own pool come first, then those with the most room.
   * Blocking, for a second or half of {@code limit} at most.
   *
   * @return the caller's to close; empty also where ZooKeeper does not answer
   */
  static List<Peer> find(ClusterConnection connection, WorkerRegistration self, Duration limit) {
    Duration half = limit.dividedBy(2);
    Duration look = half.compareTo(LONGEST_LOOK) < 0 ? half : LONGEST_LOOK;
    long end = System.nanoTime() + look.toNanos();
    List<Member> candidates = new ArrayList<>(candidates(members(connection, look), self));
    // Of many peers not all who drain shall ask the same.
    Collections.shuffle(candidates);
    candidates.sort(Comparator.comparing(member -> !isOfPool(member, self)));
    List<CompletableFuture<Optional<Found>>> asked =
        candidates.stream()
            .limit(MOST_ASKED)
            .map(member ->
                CompletableFuture.supplyAsync(
                    () -> ask(member, Duration.ofNanos(Math.max(1, end - System.nanoTime()))),
                    THREADS))
            .toList();
    return asked.stream()
        .flatMap(each -> each.join().stream())
        .sorted(
            Comparator.comparing((Found found) -> !isOfPool(found.member(), self))
                .thenComparing(Comparator.comparingInt(Found::room).reversed()))
        .map(Found::peer)
        .toList();
  }

  private record Found(Member member, Peer peer, int room) {}

  private static List<Member> members(ClusterConnection connection, Duration limit) {
    CompletableFuture<List<Member>> look = new CompletableFuture<>();
    var _ =
        Thread.startVirtualThread(() -> {
          try {
            look.complete(WorkerDirectory.look(connection));
          } catch (Exception e) {
            look.completeExceptionally(e);
          }
        });
    try {
      return look.orTimeout(limit.toNanos(), TimeUnit.NANOSECONDS).join();
    } catch (CompletionException e) {
      LOG.warn("ZooKeeper does not say who goes on, so that no block moves: {}", e.toString());
      return List.of();
    }
  }

  /** Who could take its blocks, by what stands in ZooKeeper. */
  static List<Member> candidates(List<Member> members, WorkerRegistration self) {
    return members.stream()
        .filter(member -> !member.id().equals(self.getId()))
        .filter(member -> member.registration().getRole() == self.getRole())
        .filter(member ->
            member.registration().getModelsList().stream()
                .anyMatch(model -> self.getModelsList().stream().anyMatch(own -> same(own, model))))
        .toList();
  }

  private static boolean same(ServedModel own, ServedModel other) {
    return own.getLineage().equals(other.getLineage()) && own.getLayout().equals(other.getLayout());
  }

  private static boolean isOfPool(Member member, WorkerRegistration self) {
    return member.registration().getPool().equals(self.getPool());
  }

  private static Optional<Found> ask(Member member, Duration limit) {
    Peer peer = new Peer(member);
    Optional<WorkerLoad> load = peer.load(limit).filter(each -> !each.getDraining());
    if (load.isEmpty()) {
      peer.close();
      return Optional.empty();
    }
    return Optional.of(
        new Found(member, peer, load.get().getBlocksTotal() - load.get().getBlocksUsed()));
  }
}
