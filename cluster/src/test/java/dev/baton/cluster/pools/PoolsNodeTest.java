package dev.baton.cluster.pools;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.pools.Pools.ModelRule;
import dev.baton.cluster.zookeeper.EmbeddedZooKeeper;
import dev.baton.proto.internal.v1.WorkerRole;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rules about pools on a real ZooKeeper. */
class PoolsNodeTest {
  private static final Duration LIMIT = Duration.ofSeconds(10);
  private static final OptionalInt ANY = OptionalInt.empty();

  @TempDir private Path directory;

  private EmbeddedZooKeeper zookeeper;
  private ClusterConnection connection;
  private PoolsNode node;

  @BeforeEach
  void start() {
    zookeeper = EmbeddedZooKeeper.start(directory, 0);
    connection = ClusterConnection.open(zookeeper.connectString(), LIMIT, LIMIT);
    node = new PoolsNode(connection);
  }

  @AfterEach
  void stop() {
    node.close();
    connection.close();
    zookeeper.close();
  }

  @Test
  void withoutRulesEveryPoolServesEveryModelAndWorkersHaveBothRoles() throws Exception {
    Pools none = node.read();

    assertThat(none).isEqualTo(Pools.NONE);
    assertThat(none.serve("any", WorkerRole.WORKER_ROLE_DECODE, "a100")).isTrue();
    assertThat(none.rolesOf("w-1")).hasSize(2);
  }

  @Test
  void editIsReadBackWithTheNextVersion() throws Exception {
    node.edit(ANY, rules -> rules.with("llama", new ModelRule(Set.of("h100"), Set.of())));
    Pools edited =
        node.edit(ANY, rules -> rules.with("w-1", Set.of(WorkerRole.WORKER_ROLE_DECODE)));

    assertThat(edited.version()).isEqualTo(1);
    assertThat(node.read()).isEqualTo(edited);
    assertThat(edited.serve("llama", WorkerRole.WORKER_ROLE_PREFILL, "h100")).isTrue();
    assertThat(edited.serve("llama", WorkerRole.WORKER_ROLE_PREFILL, "a100")).isFalse();
    assertThat(edited.serve("llama", WorkerRole.WORKER_ROLE_DECODE, "a100")).isTrue();
    assertThat(edited.rolesOf("w-1")).containsExactly(WorkerRole.WORKER_ROLE_DECODE);
    assertThat(edited.without("llama").serve("llama", WorkerRole.WORKER_ROLE_PREFILL, "a100"))
        .isTrue();
  }

  @Test
  void orderOfRecoveryIsReadBackAsItWasWrittenAndIsThatOfAllWithoutARule() throws Exception {
    List<RecoveryKind> order = List.of(RecoveryKind.LOCAL, RecoveryKind.RESUME);

    node.edit(ANY, rules -> rules.withRecovery("a100", order));

    assertThat(node.read().recoveryOf("a100")).isEqualTo(order);
    assertThat(node.read().recoveryOf("h100")).isEqualTo(RecoveryKind.DEFAULT_ORDER);
    assertThat(node.read().withoutRecovery("a100").recoveryOf("a100"))
        .isEqualTo(RecoveryKind.DEFAULT_ORDER);
  }

  @Test
  void editOfAnotherVersionIsRefusedByNumber() throws Exception {
    node.edit(ANY, rules -> rules);

    assertThatThrownBy(() -> node.edit(OptionalInt.of(7), rules -> rules))
        .isInstanceOf(BatonException.class)
        .hasMessageContaining("version")
        .hasMessageContaining("7")
        .hasMessageContaining("0, which the rules have now");
  }

  @Test
  void editsThatMeetAreAllKept() throws Exception {
    List<Thread> editors = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String worker = "w-" + i;
      editors.add(
          Thread.startVirtualThread(() -> {
            try {
              node.edit(ANY, rules -> rules.with(worker, Set.of(WorkerRole.WORKER_ROLE_DECODE)));
            } catch (Exception e) {
              throw new IllegalStateException(e);
            }
          }));
    }
    for (Thread each : editors) {
      each.join();
    }

    assertThat(node.read().workers()).hasSize(8);
    assertThat(node.read().version()).isEqualTo(7);
  }

  @Test
  void watcherHearsEachVersionAndKeepsTheLastGoodOne() throws Exception {
    List<Integer> heard = new CopyOnWriteArrayList<>();
    node.watch(rules -> heard.add(rules.version()));
    Awaitility.await().until(() -> heard.contains(-1));

    node.edit(ANY, rules -> rules.with("w-1", Set.of(WorkerRole.WORKER_ROLE_DECODE)));
    Awaitility.await().until(() -> heard.contains(0));
    connection.client().setData().forPath(PoolsNode.PATH, "{\"models\": 3}".getBytes(UTF_8));
    connection.client().setData().forPath(PoolsNode.PATH, Pools.NONE.toJson());
    Awaitility.await().until(() -> heard.contains(2));

    assertThat(heard).containsExactly(-1, 0, 2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          {"models": [{"model": ""}]}                                   | models.model
          {"models": [{"model": "m", "prefillPools": ["a b"]}]}         | models[m].prefill_pools
          {"models": [{"model": "m"}, {"model": "m"}]}                  | one entry for a model
          {"workers": [{"worker": "w"}]}                                | workers[w].roles
          {"workers": [{"worker": "/", "roles": ["WORKER_ROLE_DECODE"]}]} | workers.worker
          {"workers": [{"worker": "w", "roles": ["WORKER_ROLE_UNSPECIFIED"]}]} | workers[w].roles
          {"recovery": [{"pool": "p"}]}                                 | recovery[p].kinds
          {"recovery": [{"pool": "p", "kinds": ["RECOVERY_KIND_LOCAL", "RECOVERY_KIND_LOCAL"]}]} | each once
          {"recovery": [{"pool": "p", "kinds": ["RECOVERY_KIND_UNSPECIFIED"]}]} | RESUME, REPUSH
          []                                                            | rules about pools as JSON
          """)
  void whatCannotBeIsRefusedByField(String json, String named) {
    assertThatThrownBy(() -> Pools.ofJson(json.getBytes(UTF_8), 0))
        .isInstanceOf(BatonException.class)
        .hasMessageContaining(named);
  }
}
