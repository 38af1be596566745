package dev.baton.router.workers;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.Member;
import dev.baton.cluster.pools.Pools;
import dev.baton.cluster.pools.RecoveryKind;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.Lineage;
import dev.baton.kv.PackedKeys;
import dev.baton.kv.TenantSalt;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.router.index.PrefixIndex;
import dev.baton.router.index.PrefixMatches;
import dev.baton.router.placement.Among;
import dev.baton.router.placement.ClusterView;
import dev.baton.router.placement.Decisions;
import dev.baton.router.placement.Offer;
import dev.baton.router.placement.Placement;
import dev.baton.router.placement.PlacementDecision;
import dev.baton.router.placement.PlacementDecision.Placed;
import dev.baton.router.placement.PlacementDecision.Refused;
import dev.baton.router.placement.PlacementRequest;
import dev.baton.router.placement.WorkerRef;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.DoubleSupplier;
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

  private static final int REMEMBERED_DECISIONS = 4096;
  private static final int REMEMBERED_CANDIDATES = 200_000;
  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(2);

  private final Placement placement;
  private final PrefixIndex index;
  private final Decisions decisions = new Decisions(REMEMBERED_DECISIONS, REMEMBERED_CANDIDATES);
  private final AtomicLong ordinal = new AtomicLong();
  private final Function<String, ManagedChannel> channels;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanos;
  private final DoubleSupplier jitter;
  private volatile Runnable onChange = () -> {};

  private final Object lock = new Object();
  // Guarded by lock; sorted, so that nothing depends on who came first.
  private final Map<String, WorkerLink> links = new TreeMap<>();
  // Guarded by lock.
  private final Set<WorkerLink> leaving = new HashSet<>();
  // Guarded by lock.
  private Pools rules = Pools.NONE;
  // Guarded by lock.
  private boolean closed;

  /**
   * Knows nobody yet.
   *
   * @param index takes in what the workers say that they have
   * @param channels opens a channel to host:port
   * @param timer for reconnecting; stays the caller's
   * @param nanos monotonic clock, as {@link System#nanoTime()}
   */
  public Workers(
      Placement placement,
      PrefixIndex index,
      Function<String, ManagedChannel> channels,
      ScheduledExecutorService timer,
      LongSupplier nanos) {
    this(
        placement,
        index,
        channels,
        timer,
        nanos,
        () ->
            ThreadLocalRandom.current()
                .nextDouble(StatusWatch.LEAST_JITTER, StatusWatch.MOST_JITTER));
  }

  /**
   * As above.
   *
   * @param jitter stretches each pause before a lost status stream is opened again: around 1
   */
  public Workers(
      Placement placement,
      PrefixIndex index,
      Function<String, ManagedChannel> channels,
      ScheduledExecutorService timer,
      LongSupplier nanos,
      DoubleSupplier jitter) {
    this.placement = placement;
    this.index = index;
    this.channels = channels;
    this.timer = timer;
    this.nanos = nanos;
    this.jitter = jitter;
  }

  /**
   * Runs this, which must not block, whenever a load was heard, a worker fell silent, or members
   * changed.
   */
  public void onChange(Runnable listener) {
    onChange = listener;
  }

  private void changed() {
    onChange.run();
  }

  /** These are the members now. */
  public void members(List<Member> members) {
    replace(members);
    changed();
  }

  private void replace(List<Member> members) {
    // Opened and retired without the lock: who drains a link's events may drain another thread's.
    List<WorkerLink> joined = new ArrayList<>();
    List<WorkerLink> left = new ArrayList<>();
    synchronized (lock) {
      if (closed) {
        return;
      }
      Set<String> ids = new HashSet<>();
      for (Member member : members) {
        ids.add(member.id());
        WorkerLink link = links.get(member.id());
        if (link == null || !link.isOf(member)) {
          retire(links.remove(member.id()), left);
          join(member).ifPresent(joined::add);
        }
      }
      for (String id : List.copyOf(links.keySet())) {
        if (!ids.contains(id)) {
          retire(links.remove(id), left);
        }
      }
      leaving.removeIf(WorkerLink::isClosed);
    }
    left.forEach(link -> {
      link.retire();
      LOG.atInfo().addKeyValue("worker", link.ref().id()).log("worker left");
    });
    joined.forEach(link -> {
      link.open();
      LOG.atInfo()
          .addKeyValue("worker", link.ref().id())
          .addKeyValue("role", link.registration().getRole())
          .addKeyValue("epoch", link.ref().epoch())
          .log("worker joined");
    });
  }

  /** Under the lock. */
  private Optional<WorkerLink> join(Member member) {
    WorkerRegistration registration = member.registration();
    try {
      WorkerLink link =
          new WorkerLink(
              new WorkerRef(member.id(), member.epoch()),
              registration,
              Offers.of(registration),
              channels.apply(registration.getControlEndpoint()),
              index,
              timer,
              nanos,
              jitter,
              this::changed);
      links.put(member.id(), link);
      return Optional.of(link);
    } catch (IllegalArgumentException | BatonException e) {
      LOG.atWarn()
          .addKeyValue("worker", member.id())
          .log("worker is not used, its registration is wrong: {}", e.getMessage());
      return Optional.empty();
    }
  }

  /** Under the lock. */
  private void retire(@Nullable WorkerLink link, List<WorkerLink> left) {
    if (link != null) {
      leaving.add(link);
      left.add(link);
    }
  }

  /** These are the rules about pools now; requests that have their workers keep them. */
  public void follow(Pools rules) {
    synchronized (lock) {
      this.rules = rules;
    }
    changed();
  }

  /** How requests go on whose answer a pool wrote, or was to, the most preferred first. */
  public List<RecoveryKind> recoveryOrder(String pool) {
    synchronized (lock) {
      return rules.recoveryOf(pool);
    }
  }

  /**
   * What was decided for a request, if it is one of the last {@value #REMEMBERED_DECISIONS}.
   *
   * @param owner of the tenant whose request it was
   */
  public Optional<PlacementDecision> decision(TenantSalt owner, String requestId) {
    return decisions.of(owner, requestId);
  }

  /** What is known now. */
  public ClusterView view() {
    synchronized (lock) {
      return new ClusterView(
          ofRole(WorkerRole.WORKER_ROLE_PREFILL).map(link -> link.prefillView(rules)).toList(),
          ofRole(WorkerRole.WORKER_ROLE_DECODE).map(link -> link.decodeView(rules)).toList());
    }
  }

  /** How many workers of a role serve a model. */
  public int count(WorkerRole role, String model) {
    synchronized (lock) {
      return (int) ofRole(role).filter(link -> link.serves(model)).count();
    }
  }

  /** What the workers that serve a model cost and take. */
  public Fleet fleet(String model) {
    synchronized (lock) {
      return Fleet.of(links.values().stream().filter(link -> link.serves(model)).toList());
    }
  }

  /** Whether that incarnation of a worker is on the line now, and takes work. */
  boolean speaks(Member member) {
    synchronized (lock) {
      WorkerLink link = links.get(member.id());
      return link != null && link.isOf(member) && link.speaks();
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
   * @param requestId under which the decision is remembered, for this salt
   * @param prompt the prompt's tokens
   * @throws BatonException NO_WORKER, saying which role is missing, or INVALID_ARGUMENT if no
   *     worker is large enough
   */
  public Assignment assign(
      String requestId, String model, int[] prompt, int maxTokens, int choices, TenantSalt salt) {
    return assign(requestId, model, prompt, maxTokens, choices, salt, Among.ANYBODY);
  }

  /** As above, of these workers only. */
  public Assignment assign(
      String requestId,
      String model,
      int[] prompt,
      int maxTokens,
      int choices,
      TenantSalt salt,
      Among among) {
    Map<Offer, PackedKeys> keys = new LinkedHashMap<>();
    for (Offer offer : offers(model)) {
      int blockTokens = offer.layout().blockTokens();
      List<BlockKey> all = new KeyChain(offer.lineage(), salt, blockTokens).keys(prompt);
      keys.put(offer, PackedKeys.of(all.subList(0, prompt.length / blockTokens)));
    }
    Assignment assignment;
    synchronized (lock) {
      Known known = known(prompt, keys, among);
      PlacementRequest request =
          new PlacementRequest(
              model,
              prompt.length,
              maxTokens,
              choices,
              ordinal.getAndIncrement(),
              known.cached(),
              known.held(),
              among);
      PlacementDecision decision = placement.place(request, view());
      decisions.remember(salt, requestId, decision);
      assignment =
          switch (decision) {
            case Placed placed ->
                new Assignment(
                    placed,
                    choices,
                    link(placed.prefill()),
                    link(placed.decode()),
                    placed.source().map(source -> link(source.worker())),
                    keysOf(placed, keys));
            case Refused refused -> throw refusal(refused, request);
          };
    }
    // Without the lock: it writes as many keys as the prompt has blocks.
    assignment.expectBlocks();
    return assignment;
  }

  /**
   * What the index knows of a prompt, in tokens.
   *
   * @param cached what each worker has, or will have when it comes to this request
   * @param held what each worker says that it has in memory
   */
  private record Known(Map<WorkerRef, Integer> cached, Map<WorkerRef, Integer> held) {}

  /** Under the lock. */
  private Known known(int[] prompt, Map<Offer, PackedKeys> keys, Among among) {
    Known known = new Known(new HashMap<>(), new HashMap<>());
    PrefixMatches matches = index.matches();
    keys.forEach((offer, all) -> {
      int blockTokens = offer.layout().blockTokens();
      // At least one token is always computed.
      index.lookup(all.slice(0, (prompt.length - 1) / blockTokens), matches);
      if (matches.most() > 0) {
        for (WorkerLink link : links.values()) {
          note(known.cached(), link.ref(), link.blocks(matches) * blockTokens);
          if (!among.avoided().contains(link.ref())) {
            note(known.held(), link.ref(), link.heldBlocks(matches) * blockTokens);
          }
        }
      }
    });
    return known;
  }

  private static void note(Map<WorkerRef, Integer> tokens, WorkerRef worker, int known) {
    if (known > 0) {
      tokens.merge(worker, known, Math::max);
    }
  }

  private static PackedKeys keysOf(Placed placed, Map<Offer, PackedKeys> keys) {
    return keys.entrySet().stream()
        .filter(each -> each.getKey().lineage().equals(placed.lineage()))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(PackedKeys.EMPTY);
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

  /** Offers of workers, one of each lineage. */
  private List<Offer> offers(String model) {
    synchronized (lock) {
      Map<Lineage, Offer> byLineage = new LinkedHashMap<>();
      links.values().stream()
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
