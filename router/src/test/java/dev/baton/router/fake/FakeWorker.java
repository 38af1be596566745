package dev.baton.router.fake;

import dev.baton.cluster.membership.Member;
import dev.baton.cluster.process.StatusService;
import dev.baton.cluster.process.TierKeys;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.Lineage;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.handoff.Layouts;
import dev.baton.proto.internal.v1.KvTier;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WatchRequest;
import dev.baton.proto.internal.v1.WatchResponse;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import dev.baton.proto.internal.v1.WorkerStatusServiceGrpc.WorkerStatusServiceImplBase;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A worker on loopback whose calls a test answers by hand: it takes them one by one, or sets what
 * is done with each.
 *
 * @param <C> a call
 */
public abstract class FakeWorker<C> implements AutoCloseable {
  public static final Lineage LINEAGE = new Lineage("ab".repeat(32));
  public static final Layout LAYOUT =
      new Layout(
          1, 1, 4, KvDtype.F32, TestModel.BLOCK_TOKENS, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  public static final int BLOCKS = 1000;

  private static final AtomicInteger EPOCHS = new AtomicInteger(100);

  private final String id;
  private final WorkerRole role;
  private volatile long epoch = EPOCHS.incrementAndGet();
  private final Server server;
  private volatile StatusService status;
  private final FakeHoldings holdings = new FakeHoldings();
  private final AtomicReference<WorkerLoad> load =
      new AtomicReference<>(WorkerLoad.newBuilder().setBlocksTotal(BLOCKS).build());
  private final BlockingQueue<C> calls = new LinkedBlockingQueue<>();
  private final AtomicInteger count = new AtomicInteger();
  private volatile @Nullable Consumer<C> script;

  FakeWorker(String id, WorkerRole role) {
    this.id = id;
    this.role = role;
    this.status = newStatus();
    try {
      this.server =
          NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
              .addService(service())
              .addService(
                  new WorkerStatusServiceImplBase() {
                    @Override
                    public void watch(WatchRequest request, StreamObserver<WatchResponse> watcher) {
                      status.watch(request, watcher);
                    }
                  })
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private StatusService newStatus() {
    return new StatusService(
        () -> epoch, load::get, List.of(new TierKeys(KvTier.KV_TIER_MEMORY, holdings)));
  }

  abstract BindableService service();

  void called(C call) {
    count.incrementAndGet();
    Consumer<C> now = script;
    if (now == null) {
      calls.add(call);
    } else {
      Thread.ofVirtual().start(() -> now.accept(call));
    }
  }

  /** Does this with each call from now on. */
  public void script(Consumer<C> script) {
    this.script = script;
  }

  /** The next call, awaited. */
  public C next() throws InterruptedException {
    C call = calls.poll(5, TimeUnit.SECONDS);
    if (call == null) {
      throw new AssertionError(id + " was not called within 5 s");
    }
    return call;
  }

  /** Calls so far. */
  public int calls() {
    return count.get();
  }

  public String id() {
    return id;
  }

  public long epoch() {
    return epoch;
  }

  /** It was registered under this epoch, and says so from now on. */
  public void registered(long epoch) {
    this.epoch = epoch;
    status.changed();
  }

  /** What it says of itself from now on. */
  public void load(WorkerLoad now) {
    load.set(now);
    status.changed();
  }

  /** It has these blocks from now on, and says so. */
  public void stores(List<BlockKey> keys) {
    keys.forEach(holdings::store);
    status.changed();
  }

  /** It has these blocks no more, and says so. */
  public void drops(List<BlockKey> keys) {
    keys.forEach(holdings::remove);
    status.changed();
  }

  public WorkerRegistration registration() {
    String endpoint = "127.0.0.1:" + server.getPort();
    return WorkerRegistration.newBuilder()
        .setId(id)
        .setRole(role)
        .setPool("test")
        .setControlEndpoint(endpoint)
        .setKvEndpoint(role == WorkerRole.WORKER_ROLE_DECODE ? "127.0.0.1:1" : "")
        .setAdminEndpoint("http://" + endpoint)
        .setBlocks(BLOCKS)
        .addModels(
            ServedModel.newBuilder()
                .setName(TestModel.NAME)
                .setLineage(LINEAGE.hex())
                .setLayout(Layouts.toProto(LAYOUT))
                .setContextTokens(TestModel.CONTEXT)
                .setVocabulary(300))
        .build();
  }

  public Member member() {
    return new Member(registration(), epoch);
  }

  /** Ends every status stream, as a worker's end would. */
  public void endStatusStreams() {
    StatusService ended = status;
    status = newStatus();
    ended.close();
  }

  /** Dies: every connection breaks. */
  @Override
  public void close() {
    status.close();
    server.shutdownNow();
  }
}
