package dev.baton.router.workers;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.Member;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.Lineage;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.Offer;
import dev.baton.router.placement.Placement;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementRequest;
import dev.baton.router.placement.PrefixAffinity;
import dev.baton.router.placement.WorkerRef;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All workers of the cluster. Keeps a link to each member, and gives requests their pairs.
 *
 * <ul>
 *   <li>Looking, placing and counting as in flight is one step: requests that come together see
 *       each other.
 *   <li>A worker that left serves the requests that it has; its link closes after the last.
 *   <li>Nothing here waits for a worker.
 *   <li>Safe for use by many threads.
 * </ul>
 */
public final class Workers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Workers.class);

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private final Placement placement;
  private final PrefixAffinity affinity;
  private final Function<String, ManagedChannel> channels;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanos;

  private final Object lock = new Object();
  // Guarded by lock; sorted, so that nothing depends on who came first.
  private final Map<String, WorkerLink> links = new TreeMap<>();
  // Guarded by lock.
  private final Set<WorkerLink> leaving = new HashSet<>();
  // Guarded by lock.
  private boolean closed;

  /**
   * Knows nobody yet.
   *
   * @param channels opens a channel to host:port
   * @param timer for reconnecting; stays the caller's
   * @param nanos monotonic clock, as {@link System#nanoTime()}
   */
  public Workers(
      Placement placement,
      PrefixAffinity affinity,
      Function<String, ManagedChannel> channels,
      ScheduledExecutorService timer,
      LongSupplier nanos) {
    this.placement = placement;
    this.affinity = affinity;
    this.channels = channels;
    this.timer = timer;
    this.nanos = nanos;
  }

  /** These are the members now. */
  public void members(List<Member> members) {
    synchronized (lock) {
      if (closed) {
        return;
      }
      Set<String> ids = new HashSet<>();
      for (Member member : members) {
        ids.add(member.id());
        WorkerLink link = links.get(member.id());
        if (link == null || !link.isOf(member)) {
          retire(links.remove(member.id()));
          join(member);
        }
      }
      for (String id : List.copyOf(links.keySet())) {
        if (!ids.contains(id)) {
          retire(links.remove(id));
        }
      }
      leaving.removeIf(WorkerLink::isClosed);
    }
  }

  private void join(Member member) {
    WorkerRegistration registration = member.registration();
    try {
      WorkerLink link =
          new WorkerLink(
              new WorkerRef(member.id(), member.epoch()),
              registration,
              Offers.of(registration),
              channels.apply(registration.getControlEndpoint()),
              timer,
              nanos);
      links.put(member.id(), link);
      link.open();
      LOG.atInfo()
          .addKeyValue("worker", member.id())
          .addKeyValue("role", registration.getRole())
          .addKeyValue("epoch", member.epoch())
          .log("worker joined");
    } catch (IllegalArgumentException | BatonException e) {
      LOG.atWarn()
          .addKeyValue("worker", member.id())
          .log("worker is not used, its registration is wrong: {}", e.getMessage());
    }
  }

  private void retire(@Nullable WorkerLink link) {
    if (link != null) {
      link.retire();
      leaving.add(link);
      LOG.atInfo().addKeyValue("worker", link.ref().id()).log("worker left");
    }
  }

  /** What is known now. */
  public ClusterView view() {
    synchronized (lock) {
      return new ClusterView(
          ofRole(WorkerRole.WORKER_ROLE_PREFILL).map(WorkerLink::prefillView).toList(),
          ofRole(WorkerRole.WORKER_ROLE_DECODE).map(WorkerLink::decodeView).toList());
    }
  }

  /** How many workers of a role serve a model. */
  public int count(WorkerRole role, String model) {
    synchronized (lock) {
      return (int) ofRole(role).filter(link -> link.serves(model)).count();
    }
  }

  /** Whether a worker of a role that serves a model has said lately how it is. */
  public boolean hears(WorkerRole role, String model) {
    synchronized (lock) {
      return ofRole(role).anyMatch(link -> link.serves(model) && link.isFresh());
    }
  }

  /**
   * Places a request and counts it on both workers.
   *
   * @param prompt the prompt's tokens
   * @throws BatonException NO_WORKER, saying which role is missing, or INVALID_ARGUMENT if no
   *     worker is large enough
   */
  public Assignment assign(
      String model, int[] prompt, int maxTokens, int choices, TenantSalt salt) {
    Map<WorkerRef, Integer> cached = new HashMap<>();
    Map<Lineage, List<BlockKey>> keys = new HashMap<>();
    for (Offer offer : offers(model)) {
      int blockTokens = offer.layout().blockTokens();
      List<BlockKey> all = new KeyChain(offer.lineage(), salt, blockTokens).keys(prompt);
      keys.put(offer.lineage(), all.subList(0, prompt.length / blockTokens));
      // At least one token is always computed.
      affinity
          .leadingBlocks(all.subList(0, (prompt.length - 1) / blockTokens))
          .forEach((worker, blocks) -> cached.merge(worker, blocks * blockTokens, Math::max));
    }
    PlacementRequest request =
        new PlacementRequest(model, prompt.length, maxTokens, choices, cached);
    synchronized (lock) {
      return switch (placement.place(request, view())) {
        case Placed placed -> {
          LOG.debug("placed: {}", placed);
          yield new Assignment(
              placed,
              link(placed.prefill()),
              link(placed.decode()),
              placed.source().map(source -> link(source.worker())),
              keys.getOrDefault(placed.lineage(), List.of()),
              affinity);
        }
        case Refused refused -> {
          LOG.debug("refused: {}", refused);
          throw refusal(refused, request);
        }
      };
    }
  }

  private BatonException refusal(Refused refused, PlacementRequest request) {
    return switch (refused.obstacle()) {
      case NO_PREFILL_WORKER -> BatonException.noWorker("prefill", request.model());
      case NO_DECODE_WORKER -> BatonException.noWorker("decode", request.model());
      case NO_EQUAL_PAIR ->
          BatonException.noEqualPair(
              request.model(),
              shapes(WorkerRole.WORKER_ROLE_PREFILL, request.model()),
              shapes(WorkerRole.WORKER_ROLE_DECODE, request.model()));
      case NO_POOL_LARGE_ENOUGH ->
          BatonException.invalid(
              "max_tokens",
              request.maxTokens(),
              "prompt and answer that fit into a decode worker: "
                  + refused.candidates().stream()
                      .flatMap(candidate -> candidate.rejection().stream())
                      .filter(rejection -> rejection.startsWith("pool"))
                      .findFirst()
                      .orElse("none is large enough"));
    };
  }

  /** The different kinds of KV that workers of a role have for a model. Under the lock. */
  private String shapes(WorkerRole role, String model) {
    return ofRole(role)
        .flatMap(link -> link.offers().stream())
        .filter(offer -> offer.model().equals(model))
        .map(offer -> "lineage %s, %s".formatted(offer.lineage().brief(), offer.layout()))
        .distinct()
        .collect(Collectors.joining("; "));
  }

  /** Offers of prefill workers, one of each lineage. */
  private List<Offer> offers(String model) {
    synchronized (lock) {
      Map<Lineage, Offer> byLineage = new LinkedHashMap<>();
      ofRole(WorkerRole.WORKER_ROLE_PREFILL)
          .flatMap(link -> link.offers().stream())
          .filter(offer -> offer.model().equals(model))
          .forEach(offer -> byLineage.putIfAbsent(offer.lineage(), offer));
      return List.copyOf(byLineage.values());
    }
  }

  private Stream<WorkerLink> ofRole(WorkerRole role) {
    return links.values().stream().filter(link -> link.registration().getRole() == role);
  }

  private WorkerLink link(WorkerRef ref) {
    WorkerLink link = links.get(ref.id());
    if (link == null || !link.ref().equals(ref)) {
      throw new IllegalStateException("placement chose " + ref + ", which is not in its view");
    }
    return link;
  }

  /** Breaks all connections off and waits briefly for their last words. Idempotent. */
  @Override
  public void close() {
    List<WorkerLink> all = new ArrayList<>();
    synchronized (lock) {
      closed = true;
      all.addAll(links.values());
      all.addAll(leaving);
      links.clear();
      leaving.clear();
    }
    all.forEach(WorkerLink::closeNow);
    long end = System.nanoTime() + CLOSE_LIMIT.toNanos();
    all.forEach(link -> link.awaitClosed(end - System.nanoTime()));
  }
}
