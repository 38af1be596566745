package dev.baton.simulation;

import dev.baton.cluster.membership.Member;
import dev.baton.cluster.process.TierKeys;
import dev.baton.engine.emulated.EmulatedEngine;
import dev.baton.engine.emulated.StepTimes;
import dev.baton.kv.Block;
import dev.baton.kv.BlockPool;
import dev.baton.kv.handoff.HandoffParts;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** One incarnation of a worker in a process: what both roles have. */
abstract class WorkerHost implements HandoffParts.Clock {
  static final String POOL = "simulated";
  static final Duration STALL_LIMIT = Duration.ofSeconds(1);

  /** A worker has let go of a call's blocks so soon after it heard of the call's end. */
  static final long LETTING_GO = TimeUnit.MILLISECONDS.toNanos(500);

  private static final StepTimes TIMES =
      new StepTimes() {
        @Override
        public double prefillSeconds(long newTokens, long cachedTokens) {
          return 0.003 * newTokens;
        }

        @Override
        public double decodeSeconds(int batch, long totalContext) {
          return 0.02 + 0.005 * batch;
        }
      };

  private final String id;
  private final WorkerRole role;
  private final String serviceMethod;
  private final Events events;
  private final Network network;
  private final SimulatedProcess process;
  private final EmulatedEngine engine;
  private final BlockPool pool;
  private final List<Block> blocks;
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final SimulatedStatus status;
  private final Set<Long> epochs = new HashSet<>();
  private long epoch;

  /** {@code serviceMethod}: full name of the method whose calls hold blocks. */
  WorkerHost(
      String id, WorkerRole role, String serviceMethod, long epoch, int blocks, Network network) {
    this.id = id;
    this.role = role;
    this.serviceMethod = serviceMethod;
    this.network = network;
    this.events = network.events();
    this.process = new SimulatedProcess(id + "@" + epoch, events);
    this.engine = SimulatedModel.engine(process, TIMES);
    this.pool = new BlockPool(SimulatedModel.layout(), blocks);
    List<Block> all = pool.tryReserve(blocks);
    pool.release(all);
    this.blocks = List.copyOf(all);
    this.status =
        new SimulatedStatus(
            process,
            () -> this.epoch,
            this::load,
            List.of(new TierKeys(KvTier.KV_TIER_MEMORY, pool)));
    register(epoch);
  }

  /** It has this epoch from now on; it stays one of its own afterwards. */
  final void register(long now) {
    epoch = now;
    epochs.add(now);
    process.run(status::changed);
  }

  final boolean isMyEpoch(long asked) {
    return epochs.contains(asked);
  }

  final long epoch() {
    return epoch;
  }

  final String id() {
    return id;
  }

  final SimulatedProcess process() {
    return process;
  }

  final EmulatedEngine engine() {
    return engine;
  }

  final BlockPool pool() {
    return pool;
  }

  final SimpleMeterRegistry meters() {
    return meters;
  }

  final SimulatedStatus status() {
    return status;
  }

  final String address() {
    return id + ":1";
  }

  @Override
  public final long nanoTime() {
    return events.now();
  }

  @Override
  public final Runnable after(long nanos, Runnable action) {
    return process.after(nanos, action);
  }

  /** All bytes of its pool. */
  final byte[] memory() {
    byte[] all = new byte[blocks.size() * SimulatedModel.layout().blockBytes()];
    int at = 0;
    for (Block block : blocks) {
      byte[] bytes = block.bytes().toArray(ValueLayout.JAVA_BYTE);
      System.arraycopy(bytes, 0, all, at, bytes.length);
      at += bytes.length;
    }
    return all;
  }

  abstract WorkerLoad load();

  /** Calls of its own that have not ended. */
  abstract int running();

  /** What is registered of it now. */
  final Member member() {
    return new Member(
        WorkerRegistration.newBuilder()
            .setId(id)
            .setRole(role)
            .setPool(POOL)
            .setControlEndpoint(address())
            .setKvEndpoint(role == WorkerRole.WORKER_ROLE_DECODE ? address() : "")
            .setAdminEndpoint("http://" + address())
            .setBlocks(blocks.size())
            .addModels(SimulatedModel.served())
            .build(),
        epoch);
  }

  /** What holds after each of its events. */
  final void check() {
    if (engine.wrongSpans() > 0) {
      events.fail(this + " read KV that is not what its tokens make", null);
    }
    int running = running();
    int served = network.servedLately(process, serviceMethod, LETTING_GO);
    if (running > served) {
      events.fail(
          "%s holds %d requests, %d calls are there or ended lately"
              .formatted(this, running, served),
          null);
    }
    if (running == 0 && pool.usage().used() > 0) {
      events.fail(this + " has no request, and its pool " + pool.usage(), null);
    }
  }

  /** What holds when everything is over. */
  List<String> leftovers() {
    List<String> left = new ArrayList<>();
    if (running() > 0) {
      left.add(this + " still has " + running() + " requests");
    }
    if (pool.usage().used() > 0) {
      left.add(this + ": " + pool.usage());
    }
    return left;
  }

  /** Gives its memory back, where nothing uses it. */
  final void close() {
    if (pool.usage().used() == 0) {
      pool.close();
    }
  }

  @Override
  public final String toString() {
    return process.toString();
  }
}
