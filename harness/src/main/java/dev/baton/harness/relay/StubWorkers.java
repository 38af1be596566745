package dev.baton.harness.relay;

import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.Registrar;
import dev.baton.cluster.process.StatusService;
import dev.baton.kv.KvDtype;
import dev.baton.kv.Layout;
import dev.baton.kv.PlaneOrder;
import dev.baton.kv.handoff.Layouts;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeServiceGrpc.DecodeServiceImplBase;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.internal.v1.PrefillServiceGrpc.PrefillServiceImplBase;
import dev.baton.proto.internal.v1.ServedModel;
import dev.baton.proto.internal.v1.WorkerLoad;
import dev.baton.proto.internal.v1.WorkerRegistration;
import dev.baton.proto.internal.v1.WorkerRole;
import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A prefill and a decode worker without a model, in one process. The prefill worker computes and
 * pushes nothing: it tells the decode worker beside it that the prompt is there. Handlers run on
 * gRPC's event loops; nothing waits.
 *
 * <p>Streams send their first token at once and hold the others until {@link #flood} or {@link
 * #pace}.
 */
public final class StubWorkers implements AutoCloseable {
  private static final String HOST = "127.0.0.1";
  private static final String LINEAGE = "00".repeat(32);
  private static final Layout LAYOUT =
      new Layout(1, 1, 4, KvDtype.F32, 16, PlaneOrder.K_BY_DIMENSION_V_BY_TOKEN);
  private static final int BLOCKS = 1 << 26;
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final Config config;
  private final ConcurrentHashMap<Long, StubStream> streams = new ConcurrentHashMap<>();
  private final AtomicReference<@Nullable StubStream> newest = new AtomicReference<>();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("stub-steps").factory());
  private final Deque<AutoCloseable> opened = new ArrayDeque<>();
  private final Server decode;
  private final Server prefill;

  /**
   * How stub workers present themselves.
   *
   * @param model name that routers know the model by
   * @param zookeeper connect string
   * @param contextTokens most tokens of prompt and answer
   * @param vocabulary token ids that answers are made of, round and round
   */
  public record Config(
      String model, String zookeeper, int contextTokens, List<Integer> vocabulary) {
    /** Copies the list. */
    public Config {
      vocabulary = List.copyOf(vocabulary);
    }
  }

  private StubWorkers(Config config) throws IOException {
    this.config = config;
    try {
      ClusterConnection cluster = ClusterConnection.open(config.zookeeper(), LIMIT, LIMIT);
      opened.push(cluster);
      this.decode = join(cluster, WorkerRole.WORKER_ROLE_DECODE, new Decode());
      this.prefill = join(cluster, WorkerRole.WORKER_ROLE_PREFILL, new Prefill());
    } catch (IOException | RuntimeException failed) {
      close();
      throw failed;
    }
  }

  /** Serves and registers both. */
  public static StubWorkers start(Config config) throws IOException {
    return new StubWorkers(config);
  }

  private Server join(ClusterConnection cluster, WorkerRole role, BindableService service)
      throws IOException {
    AtomicReference<@Nullable Registrar> registrar = new AtomicReference<>();
    StatusService status =
        new StatusService(
            () -> {
              Registrar now = registrar.get();
              return now == null ? 0 : now.epoch();
            },
            () -> WorkerLoad.newBuilder().setBlocksTotal(BLOCKS).build(),
            List.of());
    Server server =
        NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.ofLiteral(HOST), 0))
            .directExecutor()
            .addService(service)
            .addService(status)
            .build()
            .start();
    opened.push(server::shutdownNow);
    opened.push(status);
    Registrar member = Registrar.of(cluster, registration(role, server.getPort()));
    opened.push(member);
    member.start();
    registrar.set(member);
    return server;
  }

  private WorkerRegistration registration(WorkerRole role, int port) {
    String endpoint = HOST + ":" + port;
    boolean decodes = role == WorkerRole.WORKER_ROLE_DECODE;
    return WorkerRegistration.newBuilder()
        .setId(decodes ? "stub-decode" : "stub-prefill")
        .setRole(role)
        .setPool("stub")
        .setControlEndpoint(endpoint)
        .setKvEndpoint(decodes ? endpoint : "")
        .setAdminEndpoint("http://" + endpoint)
        .setPid(ProcessHandle.current().pid())
        .setHost(HOST)
        .setBlocks(BLOCKS)
        .addModels(
            ServedModel.newBuilder()
                .setName(config.model())
                .setLineage(LINEAGE)
                .setLayout(Layouts.toProto(LAYOUT))
                .setContextTokens(config.contextTokens())
                .setVocabulary(1 + config.vocabulary().stream().max(Integer::compare).orElse(0)))
        .build();
  }

  /** host:port of the decode worker's control service. */
  public String decodeEndpoint() {
    return HOST + ":" + decode.getPort();
  }

  /** host:port of the prefill worker's control service. */
  public String prefillEndpoint() {
    return HOST + ":" + prefill.getPort();
  }

  /**
   * All streams send as fast as their receivers take.
   *
   * @param tokens in one message
   * @return how many streams there are
   */
  public int flood(int tokens) {
    Collection<StubStream> now = List.copyOf(streams.values());
    now.forEach(each -> each.flood(tokens));
    return now.size();
  }

  /**
   * One after the other, all streams send a message in each step, until all are over.
   *
   * @param stepsPerSecond steps
   * @param tokens in one message
   * @return how many streams there are
   */
  public int pace(int stepsPerSecond, int tokens) {
    List<StubStream> now = List.copyOf(streams.values());
    AtomicReference<@Nullable ScheduledFuture<?>> steps = new AtomicReference<>();
    steps.set(
        clock.scheduleAtFixedRate(
            () -> {
              now.forEach(each -> each.step(tokens));
              ScheduledFuture<?> all = steps.get();
              if (all != null && now.stream().allMatch(StubStream::isOver)) {
                all.cancel(false);
              }
            },
            0,
            TimeUnit.SECONDS.toNanos(1) / stepsPerSecond,
            TimeUnit.NANOSECONDS));
    return now.size();
  }

  /** {@link System#nanoTime} when the newest stream sent this token; 0 if it did not. */
  public long sentAt(int token) {
    StubStream stream = newest.get();
    return stream == null ? 0 : stream.sentAt(token);
  }

  @Override
  public void close() {
    clock.shutdownNow();
    while (!opened.isEmpty()) {
      try {
        opened.pop().close();
      } catch (Exception failed) {
        throw new IllegalStateException("a stub worker does not close", failed);
      }
    }
  }

  private final class Decode extends DecodeServiceImplBase {
    @Override
    public void decode(DecodeRequest request, StreamObserver<DecodeResponse> responses) {
      long handoff = request.getTicket().getHandoffId();
      ServerCallStreamObserver<DecodeResponse> out =
          (ServerCallStreamObserver<DecodeResponse>) responses;
      AtomicReference<@Nullable StubStream> stream = new AtomicReference<>();
      Runnable gone =
          () -> {
            StubStream known = stream.get();
            if (known != null) {
              known.cancelled();
              streams.remove(handoff, known);
            }
          };
      out.setOnCancelHandler(gone);
      out.setOnCloseHandler(gone);
      StubStream opening = new StubStream(request, out, config.vocabulary());
      stream.set(opening);
      streams.put(handoff, opening);
      newest.set(opening);
      opening.reserve();
    }
  }

  private final class Prefill extends PrefillServiceImplBase {
    @Override
    public void prefill(PrefillRequest request, StreamObserver<PrefillResponse> responses) {
      StubStream stream = streams.get(request.getTicket().getHandoffId());
      if (stream == null) {
        responses.onError(Status.NOT_FOUND.withDescription("no such handoff").asRuntimeException());
        return;
      }
      stream.arrived();
      responses.onNext(
          PrefillResponse.newBuilder()
              .setDone(PrefillDone.newBuilder().setComputedTokens(request.getPromptTokensCount()))
              .build());
      responses.onCompleted();
    }
  }
}
