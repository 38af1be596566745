package dev.baton.system.container;

import com.github.dockerjava.api.model.HealthCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.lifecycle.Startables;

/** Three ZooKeeper servers that replicate to each other, with ZooKeeper's own main class. */
final class Ensemble implements AutoCloseable {
  private static final int SERVERS = 3;
  private static final int PORT = 2181;
  private static final int FIRST_NUMBER = 11;
  private static final String HOME = "/var/lib/baton/";
  private static final Pattern WORKER = Pattern.compile("/baton/workers/(\\S+)");

  private final ImageFromDockerfile image;
  private final Subnet subnet;
  private final List<Node> servers = new ArrayList<>();

  Ensemble(ImageFromDockerfile image, Subnet subnet) {
    this.image = image;
    this.subnet = subnet;
  }

  /** Starts all servers, which hold nothing; returns when one leads. */
  void start() {
    IntStream.range(0, SERVERS).mapToObj(this::server).forEach(servers::add);
    Startables.deepStart(servers).join();
    awaitLeader();
  }

  private Node server(int index) {
    return new Node(image, FIRST_NUMBER + index)
        .at(subnet)
        .withCopyToContainer(Transferable.of(configuration()), HOME + "zoo.cfg")
        .withCopyToContainer(Transferable.of(LOGGING), HOME + "logback.xml")
        .withCopyToContainer(Transferable.of(Integer.toString(index + 1)), HOME + "myid")
        .withCreateContainerCmdModifier(command ->
            command
                .withHealthcheck(new HealthCheck().withTest(List.of("NONE")))
                .withEntrypoint(
                    "/opt/runtime/bin/java",
                    "-Xmx128m",
                    "-XX:TieredStopAtLevel=1",
                    "-XX:SharedArchiveFile=/opt/baton/baton.jsa",
                    "-Dlogback.configurationFile=" + HOME + "logback.xml",
                    "-cp",
                    "/opt/baton/baton.jar",
                    "org.apache.zookeeper.server.quorum.QuorumPeerMain"))
        .withCommand(HOME + "zoo.cfg");
  }

  private static final String LOGGING =
      """
      <configuration>
        <appender name="stderr" class="ch.qos.logback.core.ConsoleAppender">
          <target>System.err</target>
          <encoder><pattern>%d %level %logger - %msg%n</pattern></encoder>
        </appender>
        <root level="WARN"><appender-ref ref="stderr"/></root>
      </configuration>
      """;

  private String configuration() {
    return """
    tickTime=500
    initLimit=20
    syncLimit=8
    dataDir=%s
    clientPort=%d
    admin.enableServer=false
    4lw.commands.whitelist=srvr,dump
    %s
    """
        .formatted(
            HOME,
            PORT,
            IntStream.range(0, SERVERS)
                .mapToObj(i ->
                    "server.%d=%s:2888:3888".formatted(i + 1, subnet.address(FIRST_NUMBER + i)))
                .collect(Collectors.joining("\n")));
  }

  /** For {@code --zookeeper}. */
  String connectString() {
    return IntStream.range(0, SERVERS)
        .mapToObj(i -> subnet.address(FIRST_NUMBER + i) + ":" + PORT)
        .collect(Collectors.joining(","));
  }

  /** Who leads; empty while nobody does. */
  Optional<Node> leader() {
    return servers.stream().filter(each -> ask(each, "srvr").contains("Mode: leader")).findFirst();
  }

  Node awaitLeader() {
    return Awaitility.await("a leader of the ensemble")
        .atMost(Node.LIMIT)
        .until(this::leader, Optional::isPresent)
        .orElseThrow();
  }

  /** Ids of the workers that are registered, as the leader knows their sessions. */
  TreeSet<String> workers() {
    String dump = leader().map(each -> ask(each, "dump")).orElse("");
    return WORKER
        .matcher(dump)
        .results()
        .map(each -> each.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  /** A four-letter word's answer; empty if the server does not answer. */
  private static String ask(Node server, String word) {
    if (!server.isRunning()) {
      return "";
    }
    try {
      return server
          .execInContainer(
              "bash",
              "-c",
              "exec 3<>/dev/tcp/127.0.0.1/%d && printf %s >&3 && cat <&3".formatted(PORT, word))
          .getStdout();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All servers are lost, with what they held; others take their addresses and know nothing. */
  void replaceByEmptyOnes() {
    servers.parallelStream().forEach(Node::stop);
    servers.clear();
    start();
  }

  @Override
  public void close() {
    servers.parallelStream().forEach(Node::stop);
  }
}
