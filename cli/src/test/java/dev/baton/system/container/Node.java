package dev.baton.system.container;

import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.AccessMode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.Ports;
import com.github.dockerjava.api.model.Volume;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;

/**
 * One machine: a container with a fixed address in each of some networks, and one process of Baton
 * or of ZooKeeper in it. What {@code docker} does to it by hand, its methods do.
 */
final class Node extends GenericContainer<Node> {
  static final Duration LIMIT = Duration.ofSeconds(60);
  private static final String READY = "BATON_READY";
  private static final long MEMORY = 1L << 30;

  private final int number;
  private final Map<String, Subnet> subnets = new LinkedHashMap<>();

  /** Not started yet, in no network. */
  Node(ImageFromDockerfile image, int number) {
    super(image);
    this.number = number;
    withLabels(ContainerEngine.label());
    withCreateContainerCmdModifier(command -> command.getHostConfig().withMemory(MEMORY));
  }

  /** In this network alone, at {@link #address}. */
  Node at(Subnet subnet) {
    return withNetwork(subnet.network())
        .withCreateContainerCmdModifier(command -> command.withIpv4Address(address(subnet)));
  }

  /** In this network too, at {@link #address}. */
  Node alsoAt(Subnet subnet) {
    subnets.put(subnet.network().getId(), subnet);
    return this;
  }

  /** With a directory of this machine that it may read. */
  Node withReadable(Path directory, String path) {
    // Testcontainers' own way tries mounting with an image of a registry first.
    return withCreateContainerCmdModifier(command ->
        command
            .getHostConfig()
            .withBinds(new Bind(directory.toString(), new Volume(path), AccessMode.ro)));
  }

  /** Ready when the process says so. */
  Node readyBySaying() {
    return waitingFor(Wait.forLogMessage(".*" + READY + ".*", 1).withStartupTimeout(LIMIT));
  }

  String address(Subnet subnet) {
    return subnet.address(number);
  }

  @Override
  protected void containerIsCreated(String containerId) {
    subnets.values().forEach(this::join);
  }

  /** {@code docker network connect}. */
  void join(Subnet subnet) {
    dockerClient
        .connectToNetworkCmd()
        .withContainerId(getContainerId())
        .withNetworkId(subnet.network().getId())
        .withContainerNetwork(
            new ContainerNetwork()
                .withIpamConfig(new ContainerNetwork.Ipam().withIpv4Address(address(subnet))))
        .exec();
  }

  /** {@code docker network disconnect}: packets vanish, connections stay open on both sides. */
  void leave(Subnet subnet) {
    dockerClient
        .disconnectFromNetworkCmd()
        .withContainerId(getContainerId())
        .withNetworkId(subnet.network().getId())
        .exec();
  }

  /** {@code docker pause}. */
  void pause() {
    dockerClient.pauseContainerCmd(getContainerId()).exec();
  }

  /** {@code docker unpause}. */
  void unpause() {
    dockerClient.unpauseContainerCmd(getContainerId()).exec();
  }

  /** {@code docker kill}. */
  void kill() {
    dockerClient.killContainerCmd(getContainerId()).exec();
    Awaitility.await("end of a killed process").atMost(LIMIT).until(() -> !isRunning());
  }

  /** {@code docker stop}: SIGTERM, and SIGKILL much later; the process's exit code. */
  long terminate() {
    dockerClient.stopContainerCmd(getContainerId()).withTimeout((int) LIMIT.toSeconds()).exec();
    return now().getState().getExitCodeLong();
  }

  /** {@code docker start}, after it ended. */
  void startAgain() {
    dockerClient.startContainerCmd(getContainerId()).exec();
  }

  /** Waits until the process has said this often that it is ready, over all of its lives. */
  void awaitReady(long times) {
    Awaitility.await("a process that says that it is ready")
        .atMost(LIMIT)
        .until(() -> readies() >= times);
  }

  /** How often the process has said that it is ready, over all of its lives. */
  long readies() {
    return linesWith(READY);
  }

  /** Lines of its output and log that contain this. */
  long linesWith(String text) {
    return getLogs().lines().filter(line -> line.contains(text)).count();
  }

  /** As the engine sees it now. */
  InspectContainerResponse now() {
    return dockerClient.inspectContainerCmd(getContainerId()).exec();
  }

  /**
   * host:port where this machine reaches one of the container's ports; another after each start.
   */
  String endpoint(int port) {
    Ports.Binding[] bindings =
        now().getNetworkSettings().getPorts().getBindings().get(new ExposedPort(port));
    return getHost() + ":" + List.of(bindings).getFirst().getHostPortSpec();
  }
}
