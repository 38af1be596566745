package dev.baton.decode;

import com.google.protobuf.ByteString;
import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.decode.DecodeWorker.Config;
import dev.baton.engine.Engine;
import dev.baton.engine.packed.WeightStore;
import dev.baton.engine.warm.WarmEngine;
import dev.baton.kv.BlockKey;
import dev.baton.kv.KeyChain;
import dev.baton.kv.TenantSalt;
import dev.baton.kv.handoff.HandoffException;
import dev.baton.kv.handoff.HandoffReceipt;
import dev.baton.kv.handoff.Ticket;
import dev.baton.model.sampling.Sampling;
import dev.baton.proto.internal.v1.DecodeRequest;
import dev.baton.proto.internal.v1.DecodeReserved;
import dev.baton.proto.internal.v1.DecodeResponse;
import dev.baton.proto.internal.v1.DecodeServiceGrpc;
import dev.baton.proto.internal.v1.KvArrived;
import dev.baton.proto.internal.v1.PromptComputed;
import dev.baton.proto.v1.FinishReason;
import dev.baton.proto.v1.SampledToken;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;

/** A real worker on loopback, with the router's and the prefill worker's side of its calls. */
final class Worker implements AutoCloseable {
  private static final AtomicLong HANDOFFS = new AtomicLong();
  static final byte[] SALT = new byte[32];

  /** Not a multiple of a block. */
  static final int CHUNK_TOKENS = 24;

  final DecodeWorker worker;
  private final ManagedChannel channel;
  final Engine reference;
  private final Peer peer;

  /** {@code reference} has the lineage of the worker's engine, and is not that engine. */
  private Worker(DecodeWorker worker, Engine reference) {
    this.worker = worker;
    this.reference = reference;
    this.peer = new Peer(reference);
    this.channel =
        Grpc.newChannelBuilder(worker.endpoints().control(), InsecureChannelCredentials.create())
            .build();
  }

  static Worker start(Config config, Engine engine) {
    return new Worker(DecodeWorker.start(config, engine, Optional.empty()), new ChainEngine());
  }

  static Worker onModel(Config config, Path model, Engine reference) {
    Engine engine = WarmEngine.start(model, 16, 1, WeightStore.none());
    return new Worker(DecodeWorker.start(config, engine, Optional.empty()), reference);
  }

  static Config config(EmbeddedZooKeeper zookeeper, String id, int blocks, int maxBatch) {
    DrainLimits drain = DrainLimits.of(Duration.ofMillis(200));
    return config(zookeeper, id, blocks, maxBatch, drain);
  }

  static Config config(
      EmbeddedZooKeeper zookeeper, String id, int blocks, int maxBatch, DrainLimits drain) {
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
            4,
            Duration.ofSeconds(30),
            drain,
            Duration.ofSeconds(10));
    return new Config(common, OptionalInt.of(maxBatch), CHUNK_TOKENS);
  }

  /** What is asked of the worker. */
  record Ask(
      int[] prompt, int choices, Sampling sampling, int maxTokens, List<Integer> stops, int top) {
    static Ask greedy(int[] prompt, int maxTokens) {
      return new Ask(prompt, 1, Sampling.greedy(), maxTokens, List.of(), -1);
    }
  }

  DecodeRequest.Builder request(Ask ask, long handoff) {
    DecodeRequest.Builder request =
        DecodeRequest.newBuilder()
            .setRequestId("r-" + handoff)
            .setLineage(ByteString.copyFrom(reference.lineage().bytes()))
            .setTenantSalt(ByteString.copyFrom(SALT))
            .addAllPromptTokens(IntStream.of(ask.prompt).boxed().toList())
            .setSampling(ask.sampling.toProto())
            .setChoices(ask.choices)
            .addAllStopTokenIds(ask.stops)
            .setMaxTokens(ask.maxTokens)
            .setTicket(new Ticket(handoff, worker.epoch(), 1).toProto());
    if (ask.top >= 0) {
      request.setLogprobs(ask.top);
    }
    return request;
  }

  List<BlockKey> keys(int[] prompt) {
    return new KeyChain(reference.lineage(), TenantSalt.of(SALT), 16).keys(prompt);
  }

  /** The Decode call alone; nobody pushes yet. */
  Call call(Ask ask, Duration deadline) {
    Call call = new Call(ask, HANDOFFS.incrementAndGet());
    var stub = DecodeServiceGrpc.newStub(channel);
    var timed =
        deadline == null
            ? stub
            : stub.withDeadlineAfter(deadline.toMillis(), TimeUnit.MILLISECONDS);
    call.context.run(() -> timed.decode(request(ask, call.handoff).build(), call));
    return call;
  }

  /** A request of the test's own making. */
  void send(DecodeRequest.Builder request, Call call) {
    call.context.run(() -> DecodeServiceGrpc.newStub(channel).decode(request.build(), call));
  }

  Call call(Ask ask) {
    return call(ask, null);
  }

  Ticket ticket(Call call) {
    return new Ticket(call.handoff, worker.epoch(), 1);
  }

  /** What the prefill worker does for the call. */
  HandoffReceipt push(Call call) {
    return pushTo(worker.endpoints().kv(), call);
  }

  /** What another prefill worker does for the call, in its place. */
  HandoffReceipt pushAgain(Call call, int generation) throws HandoffException {
    Ask ask = call.ask;
    return peer.push(
        worker.endpoints().kv(),
        new Ticket(call.handoff, worker.epoch(), generation),
        ask.prompt,
        keys(ask.prompt),
        ask.sampling,
        ask.choices,
        ask.top);
  }

  /** As {@link #push(Call)}, to an endpoint that is not the advertised one. */
  HandoffReceipt pushTo(String target, Call call) {
    Ask ask = call.ask;
    try {
      return peer.push(
          target, ticket(call), ask.prompt, keys(ask.prompt), ask.sampling, ask.choices, ask.top);
    } catch (HandoffException e) {
      throw new IllegalStateException(e);
    }
  }

  HandoffReceipt push(Call call, int[] prompt, List<SampledToken> first) throws HandoffException {
    return peer.push(worker.endpoints().kv(), ticket(call), prompt, keys(prompt), first);
  }

  /** A Decode call whose prompt the worker reads itself. */
  Call callLocally(Ask ask) {
    Call call = new Call(ask, HANDOFFS.incrementAndGet());
    send(request(ask, call.handoff).clearTicket(), call);
    return call;
  }

  /** The whole way of a request, as the router conducts it. */
  Call decode(Ask ask) {
    Call call = call(ask);
    call.reserved();
    push(call);
    call.result();
    return call;
  }

  /** One stream as its caller sees it. */
  static final class Call implements StreamObserver<DecodeResponse> {
    final Ask ask;
    final long handoff;
    final BlockingQueue<DecodeResponse> events = new LinkedBlockingQueue<>();
    final Map<Integer, List<SampledToken>> tokens = new TreeMap<>();
    final Map<Integer, FinishReason> finished = new TreeMap<>();
    final Semaphore tokensSeen = new Semaphore(0);
    private final CompletableFuture<DecodeReserved> reserved = new CompletableFuture<>();
    private final CompletableFuture<KvArrived> arrived = new CompletableFuture<>();
    private final CompletableFuture<PromptComputed> computed = new CompletableFuture<>();
    private final CompletableFuture<Void> done = new CompletableFuture<>();
    private final Context.CancellableContext context = Context.current().withCancellation();

    Call(Ask ask, long handoff) {
      this.ask = ask;
      this.handoff = handoff;
    }

    @Override
    public synchronized void onNext(DecodeResponse event) {
      events.add(event);
      switch (event.getEventCase()) {
        case WAITING -> {}
        case RESERVED -> reserved.complete(event.getReserved());
        case PROMPT_COMPUTED -> {
          assertThatIs(reserved.isDone(), "reserved comes before the prompt");
          computed.complete(event.getPromptComputed());
        }
        case KV_ARRIVED -> {
          assertThatIs(reserved.isDone(), "reserved comes before KV");
          arrived.complete(event.getKvArrived());
        }
        case TOKENS -> {
          assertThatIs(arrived.isDone() || computed.isDone(), "KV comes before tokens");
          int choice = event.getTokens().getChoice();
          assertThatIs(!finished.containsKey(choice), "no token after the end");
          tokens
              .computeIfAbsent(choice, _ -> new ArrayList<>())
              .addAll(event.getTokens().getTokensList());
          tokensSeen.release();
        }
        case FINISHED ->
            assertThatIs(
                finished.put(event.getFinished().getChoice(), event.getFinished().getReason())
                    == null,
                "a choice ends once");
        case EVENT_NOT_SET -> assertThatIs(false, "every event is one");
      }
    }

    private void assertThatIs(boolean holds, String what) {
      if (!holds) {
        done.completeExceptionally(new AssertionError(what));
      }
    }

    @Override
    public void onError(Throwable thrown) {
      reserved.completeExceptionally(thrown);
      arrived.completeExceptionally(thrown);
      computed.completeExceptionally(thrown);
      done.completeExceptionally(thrown);
    }

    @Override
    public void onCompleted() {
      done.complete(null);
    }

    void cancel() {
      context.cancel(null);
    }

    DecodeReserved reserved() {
      return reserved.orTimeout(30, TimeUnit.SECONDS).join();
    }

    KvArrived arrived() {
      return arrived.orTimeout(30, TimeUnit.SECONDS).join();
    }

    PromptComputed computed() {
      return computed.orTimeout(30, TimeUnit.SECONDS).join();
    }

    void result() {
      done.orTimeout(60, TimeUnit.SECONDS).join();
    }

    Throwable failure() {
      return done.orTimeout(30, TimeUnit.SECONDS).handle((value, why) -> why).join();
    }

    void awaitTokens(int count) {
      tokensSeen.acquireUninterruptibly(count);
    }

    List<Integer> ids(int choice) {
      return tokens.get(choice).stream().map(SampledToken::getId).toList();
    }
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
                && metric("baton.queue.requests") == 0
                && metric("baton.handoffs.active") == 0);
  }

  @Override
  public void close() {
    channel.shutdownNow();
    peer.close();
    worker.close();
  }
}
