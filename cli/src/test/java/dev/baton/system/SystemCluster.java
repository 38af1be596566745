package dev.baton.system;

import dev.baton.model.Family;
import dev.baton.model.ModelConfig;
import dev.baton.model.ModelConfig.SlidingWindow;
import dev.baton.model.random.RandomModel;
import dev.baton.model.weights.WeightDtype;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * ZooKeeper, one router, one prefill and one decode worker on loopback, each a process of its own.
 * Closing it ends them all by SIGTERM.
 */
public final class SystemCluster implements AutoCloseable {
  private static final RandomModel.Shape TINY =
      new RandomModel.Shape(1, 16, 32, 2, 1, 512, 512, true, WeightDtype.BF16);

  /** Large enough to move several blocks, small enough to answer in milliseconds. */
  static final RandomModel.Shape SMALL =
      new RandomModel.Shape(3, 64, 160, 4, 2, 1024, 2048, true, WeightDtype.BF16);

  /** Takes a second or more for a prompt of a few thousand tokens. */
  public static final RandomModel.Shape SLOW =
      new RandomModel.Shape(8, 512, 1408, 8, 4, 1024, 8192, true, WeightDtype.BF16);

  /**
   * The small model with norms of heads, whose upper layers see 50 tokens: what a stream must not
   * lose between processes, beyond what a Llama has.
   */
  private static final ModelConfig SHARED =
      SMALL.config(Family.QWEN3, new SlidingWindow(50, new TreeSet<>(List.of(1, 2))));

  private static final HttpClient HTTP = HttpClient.newHttpClient();

  private static SystemCluster shared;

  private final List<BatonProcess> processes = new ArrayList<>();
  private final Path directory;
  private final Path model;
  private final boolean quickWorkers;
  private final BatonProcess zookeeper;
  private final List<String> prefillArguments;
  private final List<String> decodeArguments;
  private BatonProcess prefill;
  private BatonProcess decode;
  private final BatonProcess router;

  private SystemCluster(
      ModelConfig config,
      boolean quickWorkers,
      List<String> prefillFlags,
      List<String> decodeFlags,
      List<String> routerFlags) {
    this.quickWorkers = quickWorkers;
    try {
      directory = Files.createTempDirectory("baton-system");
      model = directory.resolve("random-model");
      RandomModel.write(model, config, WeightDtype.BF16, 7);
      zookeeper =
          launch(
              "zookeeper",
              List.of(
                  "zookeeper", "--data-dir", directory.resolve("zk").toString(), "--port", "0"));
      String ensemble = zookeeper.ready().get("zookeeper").asString();
      List<String> common = List.of("--model", model.toString(), "--zookeeper", ensemble);
      List<String> worker = Stream.concat(common.stream(), Stream.of("--threads", "1")).toList();
      prefillArguments = concat(List.of("worker", "prefill", "--id", "p-1"), worker, prefillFlags);
      decodeArguments = concat(List.of("worker", "decode", "--id", "d-1"), worker, decodeFlags);
      prefill = launch("prefill", prefillArguments);
      decode = launch("decode", decodeArguments);
      router =
          launch(
              "router",
              concat(
                  List.of("router", "--http-port", "0", "--grpc-port", "0"), common, routerFlags));
      prefill.ready();
      decode.ready();
      router.ready();
      awaitReady();
    } catch (IOException e) {
      close();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  /** A cluster of the small model that all test classes use; it ends with the JVM. */
  static synchronized SystemCluster shared() {
    if (shared == null) {
      shared = new SystemCluster(SHARED, false, List.of(), List.of(), List.of());
      Runtime.getRuntime().addShutdownHook(new Thread(shared::close));
    }
    return shared;
  }

  /** A cluster of its own, with more flags for its processes. */
  static SystemCluster start(
      RandomModel.Shape shape,
      List<String> prefillFlags,
      List<String> decodeFlags,
      List<String> routerFlags) {
    return new SystemCluster(llama(shape), false, prefillFlags, decodeFlags, routerFlags);
  }

  /**
   * As {@link #start}, for who only asks whether there is an answer: the model is so small that
   * workers, too, run by the quick compiler, and all is there in half the time.
   */
  static SystemCluster startTiny(
      List<String> prefillFlags, List<String> decodeFlags, List<String> routerFlags) {
    return new SystemCluster(llama(TINY), true, prefillFlags, decodeFlags, routerFlags);
  }

  private static ModelConfig llama(RandomModel.Shape shape) {
    return shape.config(Family.LLAMA, SlidingWindow.NONE);
  }

  @SafeVarargs
  private static List<String> concat(List<String>... parts) {
    return Stream.of(parts).flatMap(List::stream).toList();
  }

  private BatonProcess launch(String name, List<String> arguments) throws IOException {
    boolean computes = arguments.getFirst().equals("worker") && !quickWorkers;
    BatonProcess process =
        computes
            ? BatonProcess.start(directory, name, arguments)
            : BatonProcess.startQuick(directory, name, arguments);
    processes.add(process);
    return process;
  }

  /** Waits until the router hears of both workers. */
  void awaitReady() {
    awaitReady(router);
  }

  private static void awaitReady(BatonProcess router) {
    String readiness = "http://127.0.0.1:" + port(router, "http") + "/readyz";
    Awaitility.await("readiness of the router")
        .atMost(Duration.ofSeconds(30))
        .until(() -> get(readiness).statusCode() == 200);
  }

  /** Starts the prefill worker again, which has ended, with the flags that it had. */
  void restartPrefill() throws IOException {
    processes.remove(prefill);
    prefill = launch("prefill", prefillArguments);
    prefill.ready();
  }

  /** Starts the decode worker again, which has ended, with the flags that it had. */
  void restartDecode() throws IOException {
    processes.remove(decode);
    decode = launch("decode", decodeArguments);
    decode.ready();
  }

  /** Where its processes put temporary files. */
  Path temporary() {
    return BatonProcess.temporary(directory);
  }

  /** Starts one more prefill worker, and returns when it is ready. */
  BatonProcess launchPrefill(String id, List<String> flags) throws IOException {
    return launchWorker("prefill", id, flags);
  }

  /** Starts one more decode worker, and returns when it is ready. */
  BatonProcess launchDecode(String id, List<String> flags) throws IOException {
    return launchWorker("decode", id, flags);
  }

  /** Starts one more router, and returns when it serves. */
  BatonProcess launchRouter(String name, List<String> flags) throws IOException {
    BatonProcess process =
        launch(
            name,
            concat(
                List.of("router", "--http-port", "0", "--grpc-port", "0"),
                List.of("--model", model.toString()),
                List.of("--zookeeper", zookeeper.ready().get("zookeeper").asString()),
                flags));
    awaitReady(process);
    return process;
  }

  /** Starts one more worker of each role, by their ids, and returns when both are ready. */
  Map<String, BatonProcess> launchPair(String prefillId, String decodeId, List<String> flags)
      throws IOException {
    Map<String, BatonProcess> both =
        Map.of(
            prefillId, beginWorker("prefill", prefillId, flags),
            decodeId, beginWorker("decode", decodeId, flags));
    for (BatonProcess each : both.values()) {
      each.ready();
    }
    return both;
  }

  private BatonProcess launchWorker(String role, String id, List<String> flags) throws IOException {
    BatonProcess process = beginWorker(role, id, flags);
    process.ready();
    return process;
  }

  private BatonProcess beginWorker(String role, String id, List<String> flags) throws IOException {
    return launch(
        id,
        concat(
            List.of("worker", role, "--id", id, "--threads", "1"),
            List.of("--model", model.toString()),
            List.of("--zookeeper", zookeeper.ready().get("zookeeper").asString()),
            flags));
  }

  String model() {
    return model.getFileName().toString();
  }

  Path modelDirectory() {
    return model;
  }

  BatonProcess zookeeper() {
    return zookeeper;
  }

  BatonProcess prefill() {
    return prefill;
  }

  BatonProcess decode() {
    return decode;
  }

  BatonProcess router() {
    return router;
  }

  List<BatonProcess> processes() {
    return List.copyOf(processes);
  }

  int httpPort() {
    return port(router, "http");
  }

  int grpcPort() {
    return port(router, "grpc");
  }

  /** The port of an endpoint that a process named when it was ready. */
  static int port(BatonProcess process, String endpoint) {
    try {
      String address = process.ready().get(endpoint).asString();
      return Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Blocks that requests hold on a worker, by its own metric. */
  static int blocksUsed(BatonProcess worker) {
    return (int) metric(worker, "baton_blocks{", "state=\"used\"");
  }

  /** Sum of the samples of a worker's metric whose lines contain all these parts. */
  static double metric(BatonProcess worker, String... parts) {
    return metricAt("127.0.0.1:" + port(worker, "admin"), parts);
  }

  /** As {@link #metric}, of whoever shows metrics at this host:port. */
  public static double metricAt(String endpoint, String... parts) {
    String page = get("http://" + endpoint + "/metrics").body();
    List<Double> values =
        page.lines()
            .filter(line -> !line.startsWith("#"))
            .filter(line -> Stream.of(parts).allMatch(line::contains))
            .map(line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)))
            .toList();
    if (values.isEmpty()) {
      throw new IllegalStateException("no metric with " + List.of(parts) + " in\n" + page);
    }
    return values.stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Whatever is there. */
  public static HttpResponse<String> get(String uri) {
    return send(HttpRequest.newBuilder(URI.create(uri)).build());
  }

  /** Posts JSON to the router, with an API key if one is given. */
  HttpResponse<String> post(String path, String body, String... apiKey) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort() + path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    for (String key : apiKey) {
      request.header("Authorization", "Bearer " + key);
    }
    return send(request.build());
  }

  static HttpResponse<String> send(HttpRequest request) {
    try {
      return HTTP.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    for (BatonProcess process : processes.reversed()) {
      process.close();
    }
    delete(directory);
  }

  /** A directory and all that is in it. */
  public static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      files.sorted((a, b) -> b.compareTo(a)).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
