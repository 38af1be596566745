package dev.baton.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.baton.cluster.drain.DrainLimits;
import dev.baton.cluster.error.BatonException;
import dev.baton.cluster.membership.AdvertisedEndpoints;
import dev.baton.cluster.membership.ClusterConnection;
import dev.baton.cluster.membership.WorkerDirectory;
import dev.baton.cluster.worker.WorkerConfig;
import dev.baton.decode.Worker.Ask;
import dev.baton.decode.Worker.Call;
import dev.baton.proto.v1.ErrorCode;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What becomes of calls when their worker closes. */
class DecodeClosingTest extends OneWorker {
  @Test
  void closingFailsWhatIsLeftWithDrainingAndLeavesTheCluster() {
    try (ClusterConnection connection =
            ClusterConnection.open(
                zookeeper.connectString(), Duration.ofSeconds(10), Duration.ofSeconds(10));
        WorkerDirectory members = new WorkerDirectory(connection);
        Worker draining =
            Worker.start(Worker.config(zookeeper, "d-drain", BLOCKS, 2), new ChainEngine())) {
      members.start();
      Call waiting = draining.call(Ask.greedy(prompt(20, 1), 5));
      waiting.reserved();

      draining.worker.close();

      assertThat(BatonException.from(waiting.failure()).code())
          .isEqualTo(ErrorCode.ERROR_CODE_DRAINING);
      Awaitility.await()
          .until(() -> members.members().stream().noneMatch(m -> m.id().equals("d-drain")));
    }
  }

  @Test
  void closingLetsRunningRequestsEndWithinTheDrainLimit() throws Exception {
    ChainEngine own = new ChainEngine();
    DecodeWorker.Config config =
        new DecodeWorker.Config(
            new WorkerConfig(
                "d-slow-drain",
                "test-model",
                zookeeper.connectString(),
                "127.0.0.1",
                0,
                0,
                0,
                new AdvertisedEndpoints(Optional.empty(), Optional.of("127.0.0.1:9")),
                "default",
                BLOCKS,
                4,
                Duration.ofSeconds(30),
                DrainLimits.of(Duration.ofSeconds(20)),
                Duration.ofSeconds(10)),
            OptionalInt.empty(),
            64);
    try (Worker draining = Worker.start(config, own)) {
      assertThat(draining.worker.endpoints().kv()).isEqualTo("127.0.0.1:9");
      Gate gate = new Gate();
      own.beforeStep(gate);
      Call call = draining.call(Ask.greedy(prompt(20, 1), 5));
      call.reserved();
      Thread close = Thread.startVirtualThread(draining.worker::close);
      Awaitility.await().until(() -> refusal(draining) == ErrorCode.ERROR_CODE_DRAINING);

      draining.pushTo("127.0.0.1:" + draining.worker.kvPort(), call);
      gate.awaitArrival();
      gate.open();

      call.result();
      assertThat(call.ids(0)).hasSize(5);
      close.join();
      assertThat(own.isClosed()).isTrue();
    }
  }

  /** How a small request ends that nobody pushes for. */
  private static ErrorCode refusal(Worker worker) {
    Call call = worker.call(Ask.greedy(prompt(1, 1), 1), Duration.ofMillis(200));
    return BatonException.from(call.failure()).code();
  }
}
