package dev.baton.system.container;

import com.github.dockerjava.api.DockerClient;
import dev.baton.cli.local.Gauges;
import dev.baton.client.BatonClient;
import dev.baton.model.random.RandomModel;
import dev.baton.system.SystemCluster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.testcontainers.containers.Network;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.lifecycle.Startables;

/**
 * An ensemble of three ZooKeeper servers, a router, two prefill and two decode workers, each in a
 * container of its own. Three networks, as larger sites have them: in <em>coordination</em> all
 * talk with ZooKeeper, in <em>data</em> the router with the workers and these with each other;
 * through the third one this machine reaches doors and metrics. Who is cut off from one of the
 * first two has the other left.
 */
final class ContainerCluster implements AutoCloseable {
  private static final int HTTP = 8080;
  private static final int GRPC = 7070;
  private static final int CONTROL = 7071;
  private static final int KV = 7072;
  private static final String MODEL = "/model";
  private static final String STALL_LIMIT = "3s";
  private static final String SESSION_TIMEOUT = "4s";

  private final DockerClient client;
  private final Path root;
  private final Path model;
  private final ImageFromDockerfile image;
  private final Subnet coordination;
  private final Subnet data;
  private final Network outside;
  private final Ensemble ensemble;
  private final Node router;
  private final Map<String, Node> workers = new TreeMap<>();

  private ContainerCluster(DockerClient client, Path root) {
    this.client = client;
    this.root = root;
    this.model = model();
    image = ContainerEngine.image(client, root);
    coordination = Subnet.create(client);
    data = Subnet.create(client);
    outside =
        Network.builder()
            .createNetworkCmdModifier(each -> each.withLabels(ContainerEngine.label()))
            .build();
    ensemble = new Ensemble(image, coordination);
    router =
        member(21)
            .withExposedPorts(HTTP, GRPC)
            .withCommand(
                command(
                    // Each in turn: who is not served by somebody is not served at all.
                    List.of("router", "--id", "r-1", "--placement", "round-robin"),
                    List.of("--http-port", HTTP, "--grpc-port", GRPC)));
    List.of("p-1", "p-2").forEach(id -> workers.put(id, worker("prefill", id)));
    List.of("d-1", "d-2").forEach(id -> workers.put(id, worker("decode", id)));
  }

  /** Starts everything; returns when every process has said that it is ready. */
  static ContainerCluster start(DockerClient client, Path root) {
    ContainerCluster cluster = new ContainerCluster(client, root);
    try {
      cluster.ensemble.start();
      Startables.deepStart(cluster.members()).join();
      return cluster;
    } catch (RuntimeException e) {
      cluster.close();
      throw e;
    }
  }

  /** Readable by everybody: in the containers nobody is root. */
  private static Path model() {
    try {
      Path directory = Files.createTempDirectory("baton-containers");
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
      Path model = directory.resolve("random-model");
      RandomModel.write(model, SystemCluster.SLOW, 7);
      return model;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Node member(int number) {
    return new Node(image, number)
        .withNetwork(outside)
        .alsoAt(coordination)
        .alsoAt(data)
        .withReadable(model, MODEL)
        .readyBySaying();
  }

  private Node worker(String role, String id) {
    Node node = member(31 + workers.size());
    String address = node.address(data);
    return node.withExposedPorts(HTTP)
        .withCommand(
            command(
                List.of("worker", role, "--id", id, "--session-timeout", SESSION_TIMEOUT),
                List.of("--threads", 1, "--blocks", 512, "--admin-port", HTTP),
                List.of("--control-port", CONTROL, "--kv-port", KV),
                List.of("--advertised-control-endpoint", address + ":" + CONTROL),
                List.of("--advertised-kv-endpoint", address + ":" + KV)));
  }

  private String[] command(List<?>... own) {
    List<?> common =
        List.of(
            "--host",
            "0.0.0.0",
            "--model",
            MODEL,
            "--zookeeper",
            ensemble.connectString(),
            "--stall-limit",
            STALL_LIMIT);
    return Stream.concat(Stream.of(own).flatMap(List::stream), common.stream())
        .map(Object::toString)
        .toArray(String[]::new);
  }

  Ensemble ensemble() {
    return ensemble;
  }

  /** The network to ZooKeeper. */
  Subnet coordination() {
    return coordination;
  }

  /** The network of requests, KV and status. */
  Subnet data() {
    return data;
  }

  Collection<Node> workers() {
    return workers.values();
  }

  Node worker(String id) {
    return workers.get(id);
  }

  /** Router and workers. */
  List<Node> members() {
    List<Node> all = new ArrayList<>(List.of(router));
    all.addAll(workers.values());
    return all;
  }

  String http() {
    return router.endpoint(HTTP);
  }

  String grpc() {
    return router.endpoint(GRPC);
  }

  BatonClient client() {
    return BatonClient.connect(grpc());
  }

  /** Sum of the samples of a member's metric whose lines contain all these parts. */
  double metric(Node member, String... parts) {
    return SystemCluster.metricAt(member.endpoint(HTTP), parts);
  }

  /** As {@link #metric}, of the router. */
  double routerMetric(String... parts) {
    return metric(router, parts);
  }

  /** Gauges that are not zero, of all members, if they are not within the limit. */
  List<String> awaitRest(Duration limit) throws InterruptedException {
    try (HttpClient http = HttpClient.newHttpClient()) {
      List<String> pages = members().stream().map(each -> "http://" + each.endpoint(HTTP)).toList();
      return new Gauges(http, pages).awaitRest(limit);
    }
  }

  /** Since when each worker's process lives: another one after each start. */
  Map<String, String> lives() {
    Map<String, String> lives = new TreeMap<>();
    workers.forEach((id, node) -> lives.put(id, node.now().getState().getStartedAt()));
    return lives;
  }

  /** For whoever asks why a test failed: everybody's log, under target. */
  private void keepLogs() {
    Map<String, Node> all = new TreeMap<>(workers);
    all.put("r-1", router);
    try {
      Path directory = Files.createDirectories(root.resolve("cli/target/container-logs"));
      for (Map.Entry<String, Node> each : all.entrySet()) {
        if (each.getValue().isCreated()) {
          Files.writeString(directory.resolve(each.getKey() + ".log"), each.getValue().getLogs());
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    keepLogs();
    members().parallelStream().forEach(Node::stop);
    ensemble.close();
    coordination.close();
    data.close();
    outside.close();
    ContainerEngine.remove(client, image);
    SystemCluster.delete(model.getParent());
  }
}
