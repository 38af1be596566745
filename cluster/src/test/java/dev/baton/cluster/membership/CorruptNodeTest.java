package dev.baton.cluster.membership;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.curator.framework.CuratorFramework;
import org.apache.zookeeper.CreateMode;
import org.apache.zookeeper.ZooDefs.Ids;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Nodes that no worker of ours would write. */
class CorruptNodeTest {
  private static final String BAD = "/baton/workers/bad";

  @TempDir private Path directory;

  private final Logger logger = (Logger) LoggerFactory.getLogger(WorkerDirectory.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private EmbeddedZooKeeper zookeeper;
  private ClusterConnection connection;
  private WorkerDirectory watching;
  private CuratorFramework client;

  @BeforeEach
  void start() {
    log.start();
    logger.setLevel(Level.WARN);
    logger.setAdditive(false);
    logger.addAppender(log);
    zookeeper = EmbeddedZooKeeper.start(directory, 0);
    connection =
        ClusterConnection.open(
            zookeeper.connectString(), Duration.ofSeconds(5), Duration.ofSeconds(10));
    client = connection.client();
    watching = new WorkerDirectory(connection);
    watching.start();
  }

  @AfterEach
  void stop() {
    watching.close();
    connection.close();
    zookeeper.close();
    logger.detachAppender(log);
    logger.setAdditive(true);
    logger.setLevel(null);
  }

  private static byte[] json(String id) {
    return Payload.write(Workers.prefill(id));
  }

  /** Makes a healthy node, and waits until the directory has seen it and so all that was before. */
  private void afterwards(String id) throws Exception {
    client.create().forPath("/baton/workers/" + id, json(id));
    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> watching.members().stream().anyMatch(each -> each.id().equals(id)));
  }

  private List<String> warnings() {
    return log.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{\"id\":\"bad\",\"role\":\"WORKER_ROLE_PREFILL\"",
        "{\"id\":\"bad\",\"role\":\"WORKER_ROLE_OF_THE_FUTURE\",\"controlEndpoint\":\"127.0.0.1:1\"}",
        "{\"id\":\"bad\",\"controlEndpoint\":\"127.0.0.1:1\"}",
        "{\"id\":\"bad\",\"role\":\"WORKER_ROLE_PREFILL\",\"controlEndpoint\":\"nowhere\"}",
        "{\"id\":\"bad\",\"role\":\"WORKER_ROLE_DECODE\",\"controlEndpoint\":\"127.0.0.1:1\"}",
        "{\"id\":\"other\",\"role\":\"WORKER_ROLE_PREFILL\",\"controlEndpoint\":\"127.0.0.1:1\"}",
      })
  void nodeThatCannotBeReadIsLeftOutWithOneWarning(String payload) throws Exception {
    client.create().forPath(BAD, payload.getBytes(UTF_8));
    afterwards("good-1");
    afterwards("good-2");

    assertThat(watching.members()).extracting(Member::id).containsExactly("good-1", "good-2");
    assertThat(warnings()).singleElement().asString().contains("bad");
  }

  @Test
  void eachVersionOfABadNodeIsWarnedOfOnceAndAMendedOneJoins() throws Exception {
    client.create().forPath(BAD, "one".getBytes(UTF_8));
    afterwards("good-1");
    client.setData().forPath(BAD, "two".getBytes(UTF_8));
    afterwards("good-2");
    assertThat(warnings()).hasSize(2);

    client.setData().forPath(BAD, json("bad"));

    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(watching.members()).extracting(Member::id).contains("bad"));
    assertThat(warnings()).hasSize(2);
  }

  @Test
  void nodeWithoutDataIsLeftOut() throws Exception {
    client
        .getZookeeperClient()
        .getZooKeeper()
        .create(BAD, null, Ids.OPEN_ACL_UNSAFE, CreateMode.PERSISTENT);
    afterwards("good-1");

    assertThat(watching.members()).extracting(Member::id).containsExactly("good-1");
    assertThat(warnings()).hasSize(1);
  }

  @Test
  void fieldsOfANewerVersionArePassedOver() throws Exception {
    String newer = new String(json("new"), UTF_8).replaceFirst("\\{", "{\"joules\": 7,");
    client.create().forPath("/baton/workers/new", newer.getBytes(UTF_8));
    afterwards("good-1");

    assertThat(watching.members()).extracting(Member::id).containsExactly("good-1", "new");
    assertThat(warnings()).isEmpty();
  }

  @Test
  void deletedParentIsMadeAgain() throws Exception {
    client.delete().forPath("/baton/workers");

    Awaitility.await()
        .atMost(Duration.ofSeconds(10))
        .until(() -> client.checkExists().forPath("/baton/workers") != null);
    afterwards("good-1");
  }
}
