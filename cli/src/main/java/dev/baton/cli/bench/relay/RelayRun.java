package dev.baton.cli.bench.relay;

import dev.baton.cli.bench.relay.RelayCluster.Way;
import dev.baton.cli.bench.relay.RelayReport.Latency;
import dev.baton.cli.bench.relay.RelayReport.Relay;
import dev.baton.cli.shell.Failure;
import dev.baton.cli.shell.Progress;
import dev.baton.harness.load.AnswerListener;
import dev.baton.harness.load.Ask;
import dev.baton.harness.load.CpuClock;
import dev.baton.harness.load.RequestFailure;
import dev.baton.harness.load.ServerAccount;
import dev.baton.harness.load.Target;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Measures one cluster of stub workers. */
final class RelayRun {
  private static final String PROMPT = "Once upon a time there was a router.";
  private static final int PACE = 50;
  private static final int TOKEN_PACE = 200;

  private final RelayCluster cluster;
  private final RouterBenchCommand.Sizes sizes;
  private final Progress progress;

  RelayRun(RelayCluster cluster, RouterBenchCommand.Sizes sizes, Progress progress) {
    this.cluster = cluster;
    this.sizes = sizes;
    this.progress = progress;
  }

  RelayReport run() throws InterruptedException {
    Map<Way, Target> targets = new EnumMap<>(Way.class);
    try {
      for (Way way : Way.values()) {
        targets.put(way, cluster.target(way));
      }
      return run(targets);
    } finally {
      targets.values().forEach(Target::close);
    }
  }

  private RelayReport run(Map<Way, Target> targets) throws InterruptedException {
    for (Way way : Way.values()) {
      progress.step("warming up " + label(way));
      flood(targets, way, sizes.streams().getFirst(), 1);
    }
    Map<String, Latency> latencies = new LinkedHashMap<>();
    progress.step("time to the first token");
    latencies.putAll(firstTokens(targets));
    for (Way way : Way.values()) {
      progress.step("tokens on their way, " + label(way));
      latencies.put("token_us_" + label(way), tokens(targets, way));
    }
    List<Relay> relays = new ArrayList<>();
    for (Way way : List.of(Way.GRPC, Way.SSE)) {
      for (int streams : sizes.streams()) {
        for (int perMessage : sizes.tokensPerMessage()) {
          progress.step(
              "%s, %d streams, flood, %d tokens a message"
                  .formatted(label(way), streams, perMessage));
          relays.add(flood(targets, way, streams, perMessage));
        }
        progress.step("%s, %d streams, %d tokens/s each".formatted(label(way), streams, PACE));
        relays.add(relay(targets, way, streams, PACE, 1, Math.max(2, PACE * sizes.pacedSeconds())));
      }
    }
    return new RelayReport(relays, latencies);
  }

  private Relay flood(Map<Way, Target> targets, Way way, int streams, int perMessage)
      throws InterruptedException {
    long each = Math.max(2, sizes.floodTokens() * perMessage / streams);
    return relay(targets, way, streams, 0, perMessage, (int) each);
  }

  private Relay relay(
      Map<Way, Target> targets, Way way, int streams, int paced, int perMessage, int tokens)
      throws InterruptedException {
    StreamsUnderWay under =
        new StreamsUnderWay(target(targets, way), streams, new Ask(PROMPT, tokens));
    under.awaitFirst();
    long router = cluster.routerCpuNanos();
    long workers = cluster.link().ask("cpu");
    long client = CpuClock.nanos();
    long start = System.nanoTime();
    long told =
        cluster.link().ask(paced == 0 ? "flood " + perMessage : "pace " + paced + " " + perMessage);
    if (told != streams) {
      throw new Failure("the workers have " + told + " streams, expected " + streams);
    }
    under.awaitEnd();
    long end = System.nanoTime();
    return new Relay(
        label(way),
        streams,
        paced,
        perMessage,
        (long) streams * (tokens - 1),
        (end - start) / 1e9,
        Math.max(1, cluster.routerCpuNanos() - router),
        cluster.link().ask("cpu") - workers,
        CpuClock.nanos() - client);
  }

  /** One request after the other, the ways taking turns: what disturbs one disturbs all. */
  private Map<String, Latency> firstTokens(Map<Way, Target> targets) throws InterruptedException {
    Map<Way, double[]> micros = new EnumMap<>(Way.class);
    for (Way way : Way.values()) {
      micros.put(way, new double[sizes.requests()]);
    }
    for (int i = -sizes.requests() / 4; i < sizes.requests(); i++) {
      for (Way way : Way.values()) {
        Arrivals arrivals = new Arrivals();
        long start = System.nanoTime();
        target(targets, way).prepare(new Ask(PROMPT, 1)).send(arrivals);
        List<Long> at = arrivals.await();
        double[] times = micros.get(way);
        if (i >= 0 && times != null) {
          times[i] = (at.getFirst() - start) / 1e3;
        }
      }
    }
    Map<String, Latency> latencies = new LinkedHashMap<>();
    micros.forEach((way, times) -> latencies.put("ttft_us_" + label(way), latency(times)));
    return latencies;
  }

  /** From just before the worker sends a token until the client has it; one clock for both. */
  private Latency tokens(Map<Way, Target> targets, Way way) throws InterruptedException {
    int tokens = sizes.requests() + 1;
    Arrivals arrivals = new Arrivals();
    target(targets, way).prepare(new Ask(PROMPT, tokens)).send(arrivals);
    arrivals.awaitFirst();
    cluster.link().ask("pace " + TOKEN_PACE + " 1");
    List<Long> at = arrivals.await();
    if (at.size() != tokens) {
      throw new Failure("%d tokens came in %d events".formatted(tokens, at.size()));
    }
    double[] micros = new double[tokens - 1];
    for (int i = 1; i < tokens; i++) {
      micros[i - 1] = (at.get(i) - cluster.link().ask("sent " + i)) / 1e3;
    }
    return latency(micros);
  }

  private static Latency latency(double[] micros) {
    double[] sorted = micros.clone();
    java.util.Arrays.sort(sorted);
    return new Latency(
        sorted[(sorted.length - 1) / 2], sorted[(int) Math.ceil(0.99 * sorted.length) - 1]);
  }

  private static Target target(Map<Way, Target> targets, Way way) {
    Target target = targets.get(way);
    if (target == null) {
      throw new IllegalStateException("no client for " + way);
    }
    return target;
  }

  private static String label(Way way) {
    return way.name().toLowerCase(Locale.ROOT);
  }

  /** When the tokens of one answer came. */
  private static final class Arrivals implements AnswerListener {
    private final List<Long> at = new ArrayList<>();
    private final CompletableFuture<Boolean> first = new CompletableFuture<>();
    private final CompletableFuture<List<Long>> all = new CompletableFuture<>();

    void awaitFirst() throws InterruptedException {
      var _ = get(first);
    }

    List<Long> await() throws InterruptedException {
      return get(all);
    }

    private static <T> T get(CompletableFuture<T> future) throws InterruptedException {
      try {
        return future.get();
      } catch (ExecutionException failed) {
        throw new Failure(String.valueOf(failed.getCause()), failed);
      }
    }

    @Override
    public void more(int tokens, boolean text) {
      at.add(System.nanoTime());
      first.complete(true);
    }

    @Override
    public void finished() {}

    @Override
    public void account(ServerAccount account) {}

    @Override
    public void completed() {
      all.complete(at);
    }

    @Override
    public void failed(RequestFailure failure) {
      Failure why = new Failure("a request failed, " + failure.type() + ": " + failure.message());
      first.completeExceptionally(why);
      all.completeExceptionally(why);
    }
  }
}
