package dev.baton.prefill;

import com.google.protobuf.ByteString;
import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.engine.Engine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.engine.warm.WarmEngine;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.tier.DiskTierConfig;
import dev.baton.kv.transport.Connections;
import dev.baton.model.sampling.Sampling;
import dev.baton.prefill.PrefillWorker.Config;
import dev.baton.proto.internal.v1.PrefillDone;
import dev.baton.proto.internal.v1.PrefillPhase;
import dev.baton.proto.internal.v1.PrefillRequest;
import dev.baton.proto.internal.v1.PrefillResponse;
import dev.baton.proto.internal.v1.PrefillServiceGrpc;
import dev.baton.proto.internal.v1.Ticket;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/** A real worker on loopback, and the router's side of its calls. */
final class Worker implements AutoCloseable {
  static final byte[] SALT = new byte[32];

  final PrefillWorker worker;
  final ManagedChannel channel;
  private final Engine reference;

  /** {@code reference} has the lineage of the worker's engine. */
  private Worker(PrefillWorker worker, Engine reference) {
    this.worker = worker;
    this.reference = reference;
    this.channel =
        Grpc.newChannelBuilder(worker.endpoints().control(), InsecureChannelCredentials.create())
            .build();
  }

  static Worker start(Config config, Engine engine) {
    return new Worker(PrefillWorker.start(config, engine, Optional.empty()), engine);
  }

  static Worker onModel(Config config, Path model, Engine reference) {
    Engine engine = WarmEngine.start(model, 16, 1, WeightStore.none());
    return new Worker(PrefillWorker.start(config, engine, Optional.empty()), reference);
  }

  static Config config(EmbeddedZooKeeper zookeeper, String id, int blocks) {
    return config(zookeeper, id, blocks, 4, Duration.ofSeconds(30), Optional.empty());
  }

  static Config config(
      EmbeddedZooKeeper zookeeper,
      String id,
      int blocks,
      int maxQueue,
      Duration stallLimit,
      Optional<DiskTierConfig> diskTier) {
    WorkerConfig common =
        new WorkerConfig(
            id,
            "test-model",
            zookeeper.connectString(),
            "127.0.0.1",
            0,
            0,
            0,
            AdvertisedEndpoints.asBound(),
            WorkerConfig.DEFAULT_POOL,
            blocks,
            maxQueue,
            stallLimit,
            DrainLimits.of(Duration.ofMillis(200)),
            Duration.ofSeconds(10));
    return new Config(common, 64, diskTier, Connections.Wire.ANY, Config.DEFAULT_KV_STREAMS);
  }

  List<BlockKey> keys(int[] prompt) {
    return new KeyChain(reference.lineage(), TenantSalt.of(SALT), 16).keys(prompt);
  }

  PrefillRequest.Builder request(
      int[] prompt, int choices, Sampling sampling, long handoff, String target) {
    return PrefillRequest.newBuilder()
        .setRequestId("r-" + handoff)
        .setLineage(ByteString.copyFrom(reference.lineage().bytes()))
        .setTenantSalt(ByteString.copyFrom(SALT))
        .addAllPromptTokens(IntStream.of(prompt).boxed().toList())
        .setSampling(sampling.toProto())
        .setChoices(choices)
        .setMaxTokens(10)
        .setTicket(
            Ticket.newBuilder().setHandoffId(handoff).setReceiverEpoch(Peer.EPOCH).setGeneration(1))
        .setTarget(target);
  }

  /** One call as its caller sees it. */
  static final class Call implements StreamObserver<PrefillResponse> {
    final CompletableFuture<PrefillDone> done = new CompletableFuture<>();
    final BlockingQueue<PrefillResponse> events = new LinkedBlockingQueue<>();
    private final Context.CancellableContext context = Context.current().withCancellation();

    @Override
    public void onNext(PrefillResponse event) {
      events.add(event);
      if (event.hasDone()) {
        done.complete(event.getDone());
      }
    }

    @Override
    public void onError(Throwable thrown) {
      done.completeExceptionally(thrown);
    }

    @Override
    public void onCompleted() {
      done.completeExceptionally(new AssertionError("the stream ended without PrefillDone"));
    }

    void cancel() {
      context.cancel(null);
    }

    void awaitPhase(PrefillPhase phase) throws InterruptedException {
      while (true) {
        PrefillResponse event = events.poll(10, TimeUnit.SECONDS);
        if (event == null) {
          throw new AssertionError("no progress for 10 s");
        }
        if (event.getProgress().getPhase() == phase) {
          return;
        }
      }
    }

    PrefillDone result() {
      return done.orTimeout(30, TimeUnit.SECONDS).join();
    }

    Throwable failure() {
      return done.orTimeout(30, TimeUnit.SECONDS).handle((value, why) -> why).join();
    }
  }

  Call call(PrefillRequest.Builder request) {
    return call(request, null);
  }

  Call call(PrefillRequest.Builder request, Duration deadline) {
    Call call = new Call();
    var stub = PrefillServiceGrpc.newStub(channel);
    var timed =
        deadline == null
            ? stub
            : stub.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
    call.context.run(() -> timed.prefill(request.build(), call));
    return call;
  }

  double metric(String name, String... tags) {
    return worker.meters().get(name).tags(tags).meter().measure().iterator().next().getValue();
  }

  /** Everything a request holds is given back. */
  void awaitNothingHeld() {
    Awaitility.await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            worker.blocks().used() == 0
                && metric("baton.blocks", "state", "used") == 0
                && metric("baton.running.requests") == 0
                && metric("baton.queue.requests") == 0);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    worker.close();
  }
}
