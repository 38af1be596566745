package dev.baton.client;

import dev.baton.proto.v1.GenerationServiceGrpc;
import dev.baton.proto.v1.ListModelsRequest;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.NettyChannelBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A connection to a router, or to several that serve one cluster. Thread-safe; make one and share
 * it. It connects when the first call is made, and again when the connection was lost.
 *
 * <p>Of several routers, calls begin at one after the other. A router that cannot be reached any
 * more, or shuts down, in the middle of an answer is left for the next one, which goes on behind
 * what has come: the answer is that of an undisturbed call.
 *
 * <p>Every call ends by its deadline: the request's own, else the client's. Failures are {@link
 * BatonException}s. The connection is not encrypted: keep it on a network that is trusted.
 */
public final class BatonClient implements AutoCloseable {
  /** The deadline of requests that name none, unless the builder says otherwise. */
  public static final Duration DEFAULT_DEADLINE = Duration.ofMinutes(10);

  private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

  /** Routers allow five seconds. */
  private static final Duration PING = Duration.ofSeconds(10);

  private static final Duration PING_LIMIT = Duration.ofSeconds(5);

  private final List<RouterConnection> routers;
  private final AtomicInteger calls = new AtomicInteger();
  private final Duration deadline;
  private final Runnable stopThreads;
  private final AnswerCall.Pauses pauses;

  BatonClient(
      List<ManagedChannel> connections,
      @Nullable String apiKey,
      Duration deadline,
      Runnable stopThreads) {
    this(connections, apiKey, deadline, stopThreads, AnswerCall.Pauses.REAL);
  }

  /** {@code pauses} pass before another router is asked. */
  BatonClient(
      List<ManagedChannel> connections,
      @Nullable String apiKey,
      Duration deadline,
      Runnable stopThreads,
      AnswerCall.Pauses pauses) {
    this.routers = connections.stream().map(each -> RouterConnection.of(each, apiKey)).toList();
    this.deadline = deadline;
    this.stopThreads = stopThreads;
    this.pauses = pauses;
  }

  /** All routers, those first whose turn it is. */
  private List<RouterConnection> inTurn() {
    List<RouterConnection> turn = new ArrayList<>(routers);
    Collections.rotate(turn, -Math.floorMod(calls.getAndIncrement(), turn.size()));
    return turn;
  }

  /** A client of the router at {@code target}, a gRPC endpoint such as "127.0.0.1:7070". */
  public static BatonClient connect(String target) {
    return builder(target).build();
  }

  /** A client of any of these routers of one cluster. */
  public static BatonClient connect(List<String> targets) {
    return builder(targets).build();
  }

  /** A client of the router at {@code target}, with more to say about it. */
  public static Builder builder(String target) {
    return builder(List.of(target));
  }

  /**
   * A client of any of these routers of one cluster, with more to say about it.
   *
   * @throws IllegalArgumentException if there are none
   */
  public static Builder builder(List<String> targets) {
    return new Builder(targets);
  }

  /** Waits for the whole answer. */
  public Answer generate(GenerationRequest request) {
    try (AnswerStream stream = stream(request)) {
      return stream.answer();
    }
  }

  /** The answer as it is written. Close the stream. */
  public AnswerStream stream(GenerationRequest request) {
    return new AnswerStream(call(request), request.choices());
  }

  /**
   * The answer as a reactive stream: never more events than requested; cancelling the subscription
   * cancels the call; each subscription sends the request anew.
   */
  public Flow.Publisher<AnswerEvent> publish(GenerationRequest request) {
    return new AnswerPublisher(() -> call(request));
  }

  /**
   * The whole answer, later. Cancelling the future cancels the call; it fails with a {@link
   * BatonException}.
   */
  public CompletableFuture<Answer> generateAsync(GenerationRequest request) {
    return new AnswerFuture(call(request), request.choices()).start();
  }

  /** The models that the cluster serves, sorted by name. */
  public List<Model> models() {
    try {
      return GenerationServiceGrpc.newBlockingStub(inTurn().getFirst().calls())
          .withDeadlineAfter(deadline.toNanos(), TimeUnit.NANOSECONDS)
          .listModels(ListModelsRequest.getDefaultInstance())
          .getModelsList()
          .stream()
          .map(wire ->
              new Model(
                  wire.getName(),
                  wire.getContextTokens(),
                  wire.getPrefillWorkers(),
                  wire.getDecodeWorkers(),
                  wire.hasDollarsPerHour()
                      ? OptionalDouble.of(wire.getDollarsPerHour())
                      : OptionalDouble.empty(),
                  wire.hasJoules() ? OptionalDouble.of(wire.getJoules()) : OptionalDouble.empty()))
          .toList();
    } catch (StatusRuntimeException failure) {
      throw BatonException.of(failure);
    }
  }

  /** Cancels what is running, and closes the connections; waits at most five seconds. */
  @Override
  public void close() {
    List<ManagedChannel> connections = routers.stream().map(RouterConnection::connection).toList();
    connections.forEach(ManagedChannel::shutdownNow);
    long end = System.nanoTime() + CLOSE_LIMIT.toNanos();
    try {
      for (ManagedChannel each : connections) {
        if (!each.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          throw new BatonException(ErrorCode.INTERNAL, "the connection did not close");
        }
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } finally {
      stopThreads.run();
    }
  }

  private AnswerCall call(GenerationRequest request) {
    Duration limit = request.deadline().orElse(deadline);
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter(limit.toNanos(), TimeUnit.NANOSECONDS);
    return new AnswerCall(inTurn(), options, request, pauses);
  }

  /** What a client may be told besides its router's endpoint. */
  public static final class Builder {
    private final List<Endpoint> endpoints;
    private Duration deadline = DEFAULT_DEADLINE;
    private @Nullable String apiKey;
    private @Nullable Executor executor;

    private Builder(List<String> targets) {
      if (targets.isEmpty()) {
        throw new IllegalArgumentException("targets: none, expected at least one router");
      }
      this.endpoints = targets.stream().map(Endpoint::parse).toList();
    }

    /** The deadline of requests that name none. */
    public Builder deadline(Duration limit) {
      if (!limit.isPositive()) {
        throw new IllegalArgumentException("deadline: " + limit + ", expected more than zero");
      }
      this.deadline = limit;
      return this;
    }

    /** Sent with every call as "authorization: Bearer KEY". */
    public Builder apiKey(String key) {
      this.apiKey = key;
      return this;
    }

    /**
     * Where subscribers and futures are called. The caller's to stop, after the client. Default:
     * virtual threads.
     */
    public Builder executor(Executor threads) {
      this.executor = threads;
      return this;
    }

    /** The client. It is the caller's to close. */
    public BatonClient build() {
      if (executor != null) {
        return new BatonClient(channels(executor), apiKey, deadline, () -> {});
      }
      ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
      return new BatonClient(channels(threads), apiKey, deadline, threads::shutdown);
    }

    private List<ManagedChannel> channels(Executor threads) {
      return endpoints.stream()
          .map(each ->
              NettyChannelBuilder.forAddress(each.host(), each.port())
                  .usePlaintext()
                  // A router that stands still leaves its connections open: they are asked.
                  .keepAliveTime(PING.toMillis(), TimeUnit.MILLISECONDS)
                  .keepAliveTimeout(PING_LIMIT.toMillis(), TimeUnit.MILLISECONDS)
                  .executor(threads)
                  .build())
          .toList();
    }
  }
}
