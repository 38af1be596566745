package dev.baton.kv.handoff;

import com.google.protobuf.ByteString;
import dev.baton.kv.BlockKey;
import dev.baton.kv.BlockPool;
import dev.baton.kv.Lineage;
import dev.baton.proto.internal.v1.PullRequest;
import io.grpc.BindableService;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;

/**
 * The side of Pull that gives: sends published blocks of a pool to other workers.
 *
 * <ul>
 *   <li>Blocks are held from the request to the last frame, and given back exactly once however the
 *       stream ends: sent, refused, cancelled, late, or a puller that took nothing for the stall
 *       limit, which a timer of its own notices.
 *   <li>Bounded: at most {@value #MOST} pulls at a time, each with a deadline; one that takes
 *       slowly costs a few MiB of queued bytes. One that was given up because it takes nothing
 *       leaves its place to others, as long as no more than {@value #MOST} of that kind linger.
 *   <li>Nothing here blocks: it runs on the event loops of the KV port. Safe for use by many
 *       threads.
 * </ul>
 */
public final class PullSource implements BindableService, AutoCloseable {
  /** More than keep a link busy; each may hold a whole prompt's blocks. */
  static final int MOST = 16;

  /** No pull is worth waiting longer for; whatever its puller does, its stream ends by then. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  private final BlockPool pool;
  private final Compatibility compatibility;
  private final LongPredicate isMyEpoch;
  private final Duration stallLimit;
  private final Alarms alarms;
  private final PullMetrics metrics;
  private final Set<OutgoingPull> active = ConcurrentHashMap.newKeySet();

  /** Have no block and no place any more, but bytes queued that their pullers do not take. */
  private final Set<OutgoingPull> lingering = new HashSet<>();

  /**
   * A source of what is published in this pool.
   *
   * @param isMyEpoch whether an epoch is, or was, one of this process
   * @param stallLimit how long a puller may take nothing
   */
  public PullSource(
      BlockPool pool,
      Lineage lineage,
      LongPredicate isMyEpoch,
      Duration stallLimit,
      MeterRegistry meters) {
    this(pool, lineage, isMyEpoch, stallLimit, meters, new SystemAlarms());
  }

  PullSource(
      BlockPool pool,
      Lineage lineage,
      LongPredicate isMyEpoch,
      Duration stallLimit,
      MeterRegistry meters,
      Alarms alarms) {
    this.pool = pool;
    this.compatibility = new Compatibility(pool.layout(), lineage);
    this.isMyEpoch = isMyEpoch;
    this.stallLimit = stallLimit;
    this.alarms = alarms;
    this.metrics = PullMetrics.ofSource(meters, active::size);
  }

  @Override
  public ServerServiceDefinition bindService() {
    return ServerServiceDefinition.builder(KvTransfer.SERVICE)
        .addMethod(
            KvTransfer.pull(new PullAsked.Reader(), new OutgoingMessageWriter()),
            (call, headers) -> OutgoingPull.start(this, call))
        .build();
  }

  /** One service with the methods of both: they share a name, and a server takes a name once. */
  public BindableService and(HandoffReceiver receiver) {
    return () -> {
      ServerServiceDefinition.Builder both = ServerServiceDefinition.builder(KvTransfer.SERVICE);
      for (ServerMethodDefinition<?, ?> method : receiver.bindService().getMethods()) {
        both.addMethod(method);
      }
      for (ServerMethodDefinition<?, ?> method : bindService().getMethods()) {
        both.addMethod(method);
      }
      return both.build();
    };
  }

  BlockPool pool() {
    return pool;
  }

  PullMetrics metrics() {
    return metrics;
  }

  StallWatch watch(Runnable onStall) {
    return StallWatch.start(alarms, stallLimit, onStall);
  }

  /**
   * Takes a pull in that may hold blocks from now on, until it is {@link #over}.
   *
   * @throws HandoffException a refusal, BUSY
   */
  void enter(OutgoingPull pull) throws HandoffException {
    synchronized (active) {
      if (active.size() >= MOST || lingering.size() >= MOST) {
        throw HandoffException.refused(
            Refusal.BUSY,
            "pulls: %d are being sent and %d are stuck in their streams, the limit of each is %d"
                .formatted(active.size(), lingering.size(), MOST));
      }
      active.add(pull);
    }
  }

  /** The stream has ended, and with it all that the transport had queued for it. */
  void over(OutgoingPull pull) {
    synchronized (active) {
      active.remove(pull);
      lingering.remove(pull);
    }
  }

  /** The pull is given up, but its stream has not ended. */
  void lingers(OutgoingPull pull) {
    synchronized (active) {
      if (active.remove(pull)) {
        lingering.add(pull);
      }
    }
  }

  /**
   * Whether this worker may answer; the first thing that is wrong decides.
   *
   * @return the keys that are asked for
   * @throws HandoffException a refusal
   */
  List<BlockKey> verify(PullRequest request) throws HandoffException {
    Deadline deadline = Context.current().getDeadline();
    if (deadline == null || deadline.timeRemaining(TimeUnit.SECONDS) > LONGEST.toSeconds()) {
      throw HandoffException.refused(
          Refusal.PROTOCOL,
          "pull: %s, expected one within %d s"
              .formatted(
                  deadline == null ? "no deadline" : "deadline " + deadline, LONGEST.toSeconds()));
    }
    if (!isMyEpoch.test(request.getSourceEpoch())) {
      throw HandoffException.refused(
          Refusal.EPOCH,
          "pull.source_epoch: %d is not an epoch of this worker"
              .formatted(request.getSourceEpoch()));
    }
    compatibility.verify("pull", request.getVersion(), request.getLineage(), request.getLayout());
    if (request.getKeysCount() == 0) {
      throw HandoffException.refused(Refusal.KEY, "pull.keys: none, expected at least one");
    }
    List<BlockKey> keys = new ArrayList<>(request.getKeysCount());
    for (ByteString key : request.getKeysList()) {
      if (key.size() != BlockKey.BYTES) {
        throw HandoffException.refused(
            Refusal.KEY,
            "pull.keys[%d]: %d bytes, expected %d"
                .formatted(keys.size(), key.size(), BlockKey.BYTES));
      }
      keys.add(BlockKey.of(key.toByteArray()));
    }
    return List.copyOf(keys);
  }

  /** Ends every pull that is being sent: when it returns none holds a block. */
  @Override
  public void close() {
    HandoffException why = HandoffException.cancelled("the source is closing", null);
    Set.copyOf(active).forEach(pull -> pull.end(why));
    alarms.close();
  }
}
